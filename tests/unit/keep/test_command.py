"""How the CLI is run, with a shell script in its place: what a signal does to it, and what reaches the caller."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest
from pulumi.automation.errors import CommandError, ConcurrentUpdateError

from quant_sessions_provider.keep.command import Command
from quant_sessions_provider.keep.signals import Interrupts
from tests.support.killing import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def interrupts() -> Iterator[Interrupts]:
    found = Interrupts()
    with found.handled():
        yield found


@pytest.fixture
def command(tmp_path: Path, interrupts: Interrupts) -> Callable[[str], Command]:
    """Return a CLI that runs a shell script."""

    def make(script: str) -> Command:
        cli = tmp_path / "bin" / "pulumi"
        cli.parent.mkdir()
        cli.write_text(f'#!/bin/sh\n[ "$1" = version ] && echo v3.300.0 && exit\n{script}\n')
        cli.chmod(0o755)
        return Command(interrupts, str(tmp_path))

    return make


def test_output_is_passed_on_when_the_command_has_ended(command: Callable[[str], Command], tmp_path: Path) -> None:
    lines: list[str] = []
    found = command('echo "$PWD $KEY $*"; printf "tw\\302\\205o\\n"; printf "\\377" >&2').run(
        ["preview"], str(tmp_path), {"KEY": "value"}, lines.append
    )
    assert lines == [f"{tmp_path} value preview --show-replacement-steps --non-interactive", "tw\x85o"]
    assert (found.code, found.stderr) == (0, "\N{REPLACEMENT CHARACTER}")


def test_its_errors_are_those_of_the_automation_api(command: Callable[[str], Command], tmp_path: Path) -> None:
    cli = command('echo "error: the stack is currently locked by 1 lock(s)" >&2; exit 1')
    with pytest.raises(ConcurrentUpdateError):
        cli.run(["up"], str(tmp_path), {})


def test_it_runs_in_a_session_of_its_own_and_reads_nothing(command: Callable[[str], Command], tmp_path: Path) -> None:
    found = command("ps -o sid= -p $$; cat").run(["preview"], str(tmp_path), {})
    assert int(found.stdout) != os.getsid(0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_interrupts_a_preview_once(
    number: signal.Signals, command: Callable[[str], Command], interrupts: Interrupts, tmp_path: Path
) -> None:
    cli = command('trap "echo hit >> hits" INT; touch started; while [ ! -e go ]; do sleep 0.01; done; exit 1')
    _signal_when((tmp_path / "started").exists, number)
    _signal_when((tmp_path / "hits").exists, number, then=(tmp_path / "go").touch)
    with pytest.raises(CommandError):
        cli.run(["preview"], str(tmp_path), {})
    assert (tmp_path / "hits").read_text() == "hit\n"
    assert (interrupts.asked, interrupts.number) == (True, number)


def test_a_signal_does_not_reach_a_run(
    command: Callable[[str], Command], interrupts: Interrupts, tmp_path: Path
) -> None:
    cli = command('trap "echo hit" INT TERM; touch started; while [ ! -e go ]; do sleep 0.01; done; echo done')
    _signal_when((tmp_path / "started").exists, signal.SIGINT)

    def go() -> None:
        wait_until(lambda: interrupts.asked)
        (tmp_path / "go").touch()

    threading.Thread(target=go).start()
    assert cli.run(["up", "--yes"], str(tmp_path), {}).stdout == "done\n"
    assert interrupts.asked


def test_a_preview_that_starts_after_the_signal_is_interrupted(
    command: Callable[[str], Command], interrupts: Interrupts, tmp_path: Path
) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    wait_until(lambda: interrupts.asked)
    with pytest.raises(CommandError):
        command("exec sleep 60").run(["preview"], str(tmp_path), {})


def test_a_signal_ends_a_sleep(interrupts: Interrupts) -> None:
    began = time.monotonic()
    _signal_when(lambda: True, signal.SIGTERM)
    interrupts.sleep(interrupts.now().replace(year=interrupts.now().year + 1))
    assert interrupts.asked
    assert time.monotonic() - began < 60


def test_handlers_are_restored() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Interrupts().handled():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def _signal_when(condition: Callable[[], object], number: int, *, then: Callable[[], object] = lambda: None) -> None:
    def send() -> None:
        wait_until(condition)
        os.kill(os.getpid(), number)
        time.sleep(0.2)
        then()

    threading.Thread(target=send).start()
