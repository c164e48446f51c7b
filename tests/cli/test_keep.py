"""``quant-sessions keep`` as a command: where it looks, what it prints, and how it ends; Pulumi is a shell script."""

from __future__ import annotations

import json
import os
import signal
import threading
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from quant_sessions_provider.core import timestamps
from tests.cli.conftest import pulumi
from tests.support.exports import state
from tests.support.killing import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


@pytest.fixture
def exporting(tmp_path: Path) -> Path:
    """Return a project whose CLI exports a session with 42 minutes left, and records how it is called."""
    until = timestamps.render(datetime.now(timezone.utc) + timedelta(minutes=42))
    sessions: dict[str, dict[str, Any]] = {"desk": {"expirationMinutes": 60, "expiresAt": until}}
    (tmp_path / "state.json").write_text(json.dumps(state(sessions)))
    known = json.dumps([{"name": "dev", "current": True, "updateInProgress": False, "resourceCount": 1, "url": ""}])
    cases = f"version) echo v3.300.0;; *'stack ls'*) echo '{known}';; *export*) cat {tmp_path}/state.json;;"
    pulumi(tmp_path / "bin", f'echo "$PWD $*" >> {tmp_path}/log\ncase "$*" in {cases} esac')
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def calls(project: Path) -> list[str]:
    lines = (project.parent / "log").read_text().splitlines()
    return [line.replace(" --non-interactive", "") for line in lines if not line.endswith(" version")]


def test_once_says_what_is_next_of_the_selected_stack(run: Command, exporting: Path) -> None:
    found = run("keep", "--once", "--cwd", str(exporting))
    assert (found.code, found.error) == (0, "")
    (line,) = found.out.splitlines()
    assert line.split(" ", 1)[1].startswith("next desk: is due for recreation at ")
    assert calls(exporting) == [f"{exporting} stack ls --json", f"{exporting} stack export --stack dev"]


def test_a_named_stack_is_not_selected_and_lines_are_json(run: Command, exporting: Path) -> None:
    found = run("keep", "--once", "--cwd", str(exporting), "--stack", "prod", "--json")
    line = json.loads(found.out)
    assert (found.code, line["kind"], line["session"]) == (0, "next", "desk")
    assert line["due"] > line["at"]
    assert calls(exporting) == [f"{exporting} stack export --stack prod"]


def test_a_keeper_that_stays_ends_with_0_at_sigterm(run: Command, exporting: Path) -> None:
    def end() -> None:
        wait_until((exporting.parent / "log").exists)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end).start()
    found = run("keep", "--cwd", str(exporting), "--stack", "dev")
    assert found.code == 0
    assert found.out.splitlines()[-1].endswith(" ends: a signal asked for it")


def test_a_state_that_cannot_be_read_is_one_line_and_1(run: Command, tmp_path: Path) -> None:
    pulumi(
        tmp_path / "bin", '[ "$1" = version ] && echo v3.300.0 && exit\necho "error: no stack named x" >&2; exit 255'
    )
    found = run("keep", "--once", "--stack", "x", "--cwd", str(tmp_path))
    assert (found.code, found.out.partition(" ")[2], found.error) == (1, "failed: no stack named x\n", "")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo v3.300.0", "no stack is selected: name one with --stack"),
        ("echo v4.0.0", "Major version mismatch."),
    ],
)
def test_what_keeps_it_from_starting_is_one_line_on_standard_error(
    script: str, message: str, run: Command, tmp_path: Path
) -> None:
    pulumi(tmp_path / "bin", f'case "$*" in version) {script};; *) echo "[]";; esac')
    found = run("keep", "--once", "--cwd", str(tmp_path))
    assert (found.code, found.out) == (1, "")
    assert found.error.startswith(message)


def test_without_the_cli_it_says_so(run: Command, tmp_path: Path) -> None:
    (tmp_path / "bin" / "pulumi").unlink()
    found = run("keep", "--once", "--stack", "dev", "--cwd", str(tmp_path))
    assert (found.code, found.error) == (1, "the Pulumi CLI is not on PATH\n")
