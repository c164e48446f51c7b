"""Without the extras a program can declare sessions, and the command and a policy pack say what to install."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from quant_sessions_provider import policy
from quant_sessions_provider.cli.policies import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Sequence

PACKAGES = ("cronsim", "rich", "typer")
WITHOUT = """
import sys

class Hide:
    def find_spec(self, name, *_):
        if name in {}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hide())
"""
DECLARE = """
import pulumi
from pulumi.runtime import Mocks, set_mocks

class Host(Mocks):
    def new_resource(self, args):
        return "3f2a", args.inputs
    def call(self, args):
        return {}

set_mocks(Host())
from quant_sessions_provider import Session, SessionGroup, get_session, list_sessions
desk = Session("desk", user_id="ada")
pulumi.runtime.sync_await._sync_await(desk.id.future())
print(type(desk).__name__)
"""
START = "from quant_sessions_provider.cli import main; main()"


def run_without(packages: Sequence[str], program: str) -> subprocess.CompletedProcess[str]:
    program = WITHOUT.format(packages) + program
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - our own code


def test_a_program_declares_sessions_without_the_extra() -> None:
    done = run_without(PACKAGES, DECLARE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "Session\n", "")


@pytest.mark.parametrize("missing", [PACKAGES, *([name] for name in PACKAGES)], ids=["all", *PACKAGES])
def test_the_command_prints_what_to_install(missing: Sequence[str]) -> None:
    done = run_without(missing, START)
    line = "quant-sessions needs the extra 'cli': pip install 'quant-sessions-provider[cli]'\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", line)


@pytest.mark.parametrize("missing", [policy.PACKAGES, *([name] for name in policy.PACKAGES)])
def test_a_policy_pack_prints_what_to_install(missing: Sequence[str]) -> None:
    done = run_without(missing, PROGRAM)
    line = "the policies need the extra 'policy': pip install 'quant-sessions-provider[policy]'\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", line)


EMULATOR = ("fastapi", "fastapi_offline", "pydantic", "starlette", "uvicorn")


@pytest.mark.parametrize("module", ["quant_sessions_provider.emulator", "quant_sessions_provider.emulator.app"])
@pytest.mark.parametrize("missing", [EMULATOR, *([name] for name in EMULATOR)], ids=["all", *EMULATOR])
def test_the_emulator_says_what_to_install(missing: Sequence[str], module: str) -> None:
    done = run_without(missing, f"import {module}")
    line = "the emulator needs the extra 'emulator': pip install 'quant-sessions-provider[emulator]'"
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, f"ModuleNotFoundError: {line}")
    assert "During handling" not in done.stderr


def test_whoever_only_looks_around_needs_no_extra() -> None:
    look = "from quant_sessions_provider import policy; print(policy.__all__)"
    done = run_without([*PACKAGES, *policy.PACKAGES], look)
    assert (done.returncode, done.stdout, done.stderr) == (0, "['policies']\n", "")


@pytest.mark.parametrize(
    ("missing", "program"),
    [
        ("quant_sessions_provider.cli.app", START),
        ("quant_sessions_provider.policy.rules", PROGRAM),
        ("quant_sessions_provider.emulator.store", "import quant_sessions_provider.emulator"),
    ],
)
def test_another_missing_module_keeps_its_traceback(missing: str, program: str) -> None:
    done = run_without([missing], program)
    assert done.returncode == 1
    assert "ModuleNotFoundError" in done.stderr


def test_only_the_extras_require_the_command_lines_packages() -> None:
    required = metadata.requires("quant-sessions-provider") or []
    assert not [line for line in required if line.startswith(PACKAGES) and "extra ==" not in line]
    for extra in ("cli", "emulator"):
        added = [line for line in required if f"extra == '{extra}'" in line]
        assert all(any(line.startswith(name) for line in added) for name in PACKAGES)


def test_the_installed_command_starts_here() -> None:
    (entry,) = metadata.entry_points(group="console_scripts", name="quant-sessions")
    assert entry.value == "quant_sessions_provider.cli:main"
