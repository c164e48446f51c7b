"""Completion of the command line: its scripts, what they are answered, and the shells of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Final

import pytest

COMMAND: Final = Path(sys.executable).with_name("quant-sessions")
SCRIPTS: Final = {
    "bash": "complete -o default -F _quant_sessions_completion quant-sessions",
    "zsh": "compdef _quant_sessions_completion quant-sessions",
    "fish": "complete --command quant-sessions --no-files",
}
"""The line with which each shell learns of the completion."""
ASKING: Final = {
    "bash": {"COMP_WORDS": "quant-sessions emulator ad", "COMP_CWORD": "2"},
    "zsh": {"_TYPER_COMPLETE_ARGS": "quant-sessions emulator ad"},
    "fish": {"_TYPER_COMPLETE_ARGS": "quant-sessions emulator ad", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
}
IN_BASH: Final = """\
eval "$(cat)"  # the bash of macOS sources nothing from a pipe
COMP_WORDS=(quant-sessions list --or) COMP_CWORD=2
_quant_sessions_completion quant-sessions
printf '%s\\n' "${COMPREPLY[@]}"
"""
IN_ZSH: Final = "autoload -Uz compinit; compinit -D -u; source /dev/stdin; print $_comps[quant-sessions]"
IN_FISH: Final = "source; complete -C 'quant-sessions list --or'"


def ran(*command: str | Path, text: str = "", **variables: str) -> str:
    """Run a command that must succeed, with a text on standard input. Return its output."""
    path = os.pathsep.join([str(COMMAND.parent), os.environ["PATH"]])
    env = {**os.environ, "PATH": path, "TERM": "dumb", **variables}
    done = subprocess.run(command, input=text, capture_output=True, text=True, env=env, timeout=60, check=False)  # noqa: S603
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@cache
def script(shell: str) -> str:
    return ran(COMMAND, _QUANT_SESSIONS_COMPLETE=f"source_{shell}")


def shell_of(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.mark.parametrize("shell", SCRIPTS)
def test_each_shell_has_a_script(shell: str) -> None:
    text = script(shell)
    assert SCRIPTS[shell] in text
    assert f"_QUANT_SESSIONS_COMPLETE=complete_{shell}" in text
    if found := shutil.which(shell):
        ran(found, "-n", "/dev/stdin", text=text)


@pytest.mark.parametrize("shell", ASKING)
def test_the_script_of_each_shell_is_answered(shell: str) -> None:
    assert "advance" in ran(COMMAND, _QUANT_SESSIONS_COMPLETE=f"complete_{shell}", **ASKING[shell])


def test_bash_completes_options() -> None:
    said = ran(shell_of("bash"), "--norc", "-c", IN_BASH, text=script("bash"))
    assert said.splitlines() == ["--orphans", "--organization"]


def test_zsh_knows_the_completion(tmp_path: Path) -> None:
    said = ran(shell_of("zsh"), "-f", "-c", IN_ZSH, text=script("zsh"), HOME=str(tmp_path))
    assert said == "_quant_sessions_completion\n"


def test_fish_completes_options(tmp_path: Path) -> None:
    said = ran(shell_of("fish"), "-c", IN_FISH, text=script("fish"), HOME=str(tmp_path))
    assert [line.partition("\t")[0] for line in said.splitlines()] == ["--organization", "--orphans"]


def test_the_installed_completion_is_loaded_by_the_next_bash(tmp_path: Path) -> None:
    bash = shell_of("bash")
    for _ in range(2):
        # Not its last command, for which bash would replace itself: the command looks for the shell that started it.
        ran(bash, "--norc", "-c", "quant-sessions --install-completion; true", HOME=str(tmp_path))
    assert (tmp_path / ".bashrc").read_text().count("source ") == 1
    said = ran(bash, "--norc", "-c", "source ~/.bashrc; complete -p quant-sessions", HOME=str(tmp_path))
    assert said == f"{SCRIPTS['bash']}\n"
