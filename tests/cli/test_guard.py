"""Streams that are closed, full or no longer read: one line and an exit code, never a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.exports import state

COMMAND = Path(sys.executable).with_name("quant-sessions")
TIMELINE = "$Q timeline --every 12h state.json"
PREVIEW = '{"steps": [], "changeSummary": {}}'


def run(folder: Path, script: str) -> tuple[int, str]:
    """Run a script in which ``$Q`` is the command; return its exit code and its output on both streams."""
    (folder / "preview.json").write_text(PREVIEW)
    (folder / "state.json").write_text(json.dumps(state()))
    # Unbuffered output would fail where it is written, and not only where it is flushed.
    shell = ["/bin/bash", "-c", f"unset PYTHONUNBUFFERED; Q={COMMAND}; {script}"]
    done = subprocess.run(shell, cwd=folder, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - our own script
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("command", ["$Q -h", "$Q report preview.json", TIMELINE])
def test_output_that_cannot_be_written_is_one_line(tmp_path: Path, command: str) -> None:
    # A file may not grow here, as on a disk that is full.
    done = run(tmp_path, f"touch out; ulimit -f 0; {command} > out")
    assert done == (1, "standard output: File too large\n")


@pytest.mark.parametrize("command", ["$Q report preview.json", "$Q nonsense"])
def test_a_closed_output_is_one_line(tmp_path: Path, command: str) -> None:
    assert run(tmp_path, f"{command} >&-") == (1, "standard output: closed\n")


def test_without_any_stream_only_the_exit_code_is_left(tmp_path: Path) -> None:
    assert run(tmp_path, "$Q list <&- >&- 2>&-") == (1, "")


@pytest.mark.parametrize("command", ["$Q report", "$Q timeline --every 1h"])
def test_a_closed_input_is_an_empty_one(tmp_path: Path, command: str) -> None:
    line = "standard input: empty: the command before it may have failed\n"
    assert run(tmp_path, f"{command} <&-") == (2, line)


@pytest.mark.parametrize("command", ["$Q report preview.json", TIMELINE])
def test_a_closed_pipe_is_silent(tmp_path: Path, command: str) -> None:
    # The pipe is closed for sure once `true` has ended.
    code, output = run(tmp_path, f"mkfifo pipe; true < pipe & exec 3> pipe; wait; {command} >&3")
    assert (code, output) == (1, "")
