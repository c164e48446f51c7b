"""The configuration of a stack, read by the real Pulumi CLI."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import CANARY, ORGANIZATION, created, pulumi
from tests.support.engine import pulumi_command

if TYPE_CHECKING:
    from tests.cli.conftest import Command
    from tests.support.emulator_server import Emulator

READING = "from quant_sessions_provider.pulumi_cli import output_of"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: project\nruntime: python\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PULUMI_BACKEND_URL", tmp_path.as_uri())
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "passphrase")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", f"{Path(pulumi_command().command).parent}{os.pathsep}{os.environ['PATH']}")
    return folder


@pytest.mark.usefixtures("project", "vendor")
def test_a_stack_beats_the_environment_and_an_option_beats_both(
    emulator: Emulator, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = [f"--secret=quant-sessions:bearer={CANARY}", f"--plaintext=quant:organization={ORGANIZATION}"]
    for command in (["stack", "init", "dev"], ["config", "set-all", *values]):
        subprocess.run(["pulumi", *command], check=True, capture_output=True, timeout=60)  # noqa: S603, S607 - the CLI under test
    monkeypatch.setenv("QUANTCDN_ORGANIZATION", "other")
    found = json.loads(run("doctor", "--stack", "dev", "--base-url", emulator.url, "--json").out)["checks"]
    seen = {check["name"]: check["seen"] for check in found}
    assert seen["bearer"] == "set (from the stack configuration quant-sessions:bearer)"
    assert seen["organization"] == "acme (from the stack configuration quant:organization)"
    assert seen["baseUrl"] == f"{emulator.url} (from the command line)"
    assert seen["token"] == "accepted (from the stack configuration quant-sessions:bearer)"
    session_id = created(emulator)
    monkeypatch.setenv("QUANTCDN_BASE_URL", emulator.url)
    (one,) = json.loads(run("list", "--stack", "dev", "--json").out)
    assert one["id"] == session_id
    result = run("show", session_id, "--stack", "nobody")
    assert (result.code, result.out, result.error.count("\n")) == (1, "", 1)
    assert result.error.startswith("the configuration of stack nobody cannot be read: no stack named 'nobody' found")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("", "the Pulumi CLI is not on PATH"),
        ("echo no JSON", "pulumi did not print JSON"),
        ("exit 7", "pulumi printed no reason"),
        ("echo warning: old >&2; printf 'error: no \\033[1mway\\n' >&2; exit 1", "no  [1mway"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_one_line(
    run: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, reason: str
) -> None:
    folder = tmp_path / "other"
    if script:
        pulumi(folder, script)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/nowhere")
    for command in (["list"], ["doctor"]):
        result = run(*command, "--stack", "dev")
        assert (result.code, result.out) == (1, "")
        assert result.error == f"the configuration of stack dev cannot be read: {reason}\n"


def test_what_the_cli_prints_is_utf_8_whatever_the_locale() -> None:
    program = rf"{READING}; print(ascii(output_of('printf', r'caf\303\251', seconds=60)))"
    ascii_only = {"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-X", "utf8=0", "-c", program], env=ascii_only, capture_output=True, timeout=60, check=False
    )
    assert done.stdout == b"'caf\\xe9'\n", done.stderr
