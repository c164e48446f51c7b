"""What a supervisor runs ends with its holder: interrupted first, and killed with all that it started."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from quant_sessions_provider.core.errors import ConfigurationError
from quant_sessions_provider.fleet import supervisor
from quant_sessions_provider.fleet.command import SupervisedCommand
from quant_sessions_provider.fleet.model import Never
from tests.support.killing import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENT = "600"
STUBBORN = "trap '' INT; sleep 600 & echo $! > child; wait"


@contextmanager
def supervised(
    folder: Path, script: str, seconds: str = PATIENT, first: int = signal.SIGINT
) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-I", "-S", supervisor.__file__, seconds, str(int(first)), "sh", "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=folder, start_new_session=True) as process:  # noqa: S603 - our own
        try:
            yield process
        finally:
            supervisor.end_session(process.pid)
            process.kill()


def close(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin
    process.stdin.close()


def child(folder: Path) -> int:
    wait_until(lambda: (folder / "child").exists() and (folder / "child").read_text().strip())
    return int((folder / "child").read_text())


def test_it_ends_as_the_command_ends(tmp_path: Path) -> None:
    for code in (0, 7):
        with supervised(tmp_path, f"exit {code}") as process:
            assert process.wait() == code
    with supervised(tmp_path, "kill -9 $$") as process:
        assert process.wait() == 128 + signal.SIGKILL


def test_a_command_is_interrupted_when_its_holder_lets_go(tmp_path: Path) -> None:
    script = "trap 'echo recorded > end; exit 3' INT; touch ready; while :; do sleep 0.05; done"
    with supervised(tmp_path, script) as process:
        wait_until((tmp_path / "ready").exists)
        close(process)
        assert process.wait() == 3
    assert (tmp_path / "end").read_text() == "recorded\n"


def test_what_does_not_end_by_itself_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    with supervised(tmp_path, STUBBORN, "0.1") as process:
        started = child(tmp_path)
        close(process)
        process.wait()
    assert started not in supervisor.living()


def test_what_must_not_be_interrupted_ends_by_itself(tmp_path: Path) -> None:
    script = "touch ready; while [ ! -e go ]; do sleep 0.05; done; exit 3"
    with supervised(tmp_path, script, first=0) as process:
        wait_until((tmp_path / "ready").exists)
        close(process)
        (tmp_path / "go").touch()
        assert process.wait() == 3


def test_what_a_command_leaves_behind_is_killed(tmp_path: Path) -> None:
    with supervised(tmp_path, "sleep 600 & echo $! > child") as process:
        assert process.wait() == 0
        assert child(tmp_path) not in supervisor.living()


def test_windows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(ConfigurationError, match="on Linux or macOS alone"):
        SupervisedCommand.make(Never(), 1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_supervisor_alone_ends_nothing(tmp_path: Path, number: signal.Signals) -> None:
    with supervised(tmp_path, "touch ready; exec sleep 600") as process:
        wait_until((tmp_path / "ready").exists)
        process.send_signal(number)
        close(process)
        # By the interrupt, which only its holder brings about.
        assert process.wait() == 128 + signal.SIGINT


def test_it_ends_with_a_holder_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-S", supervisor.__file__, "0.1", "2", "sh", "-c", STUBBORN]
    program = f"import subprocess\nsubprocess.Popen({command}, stdin=subprocess.PIPE, start_new_session=True).wait()"
    with subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path) as holder:  # noqa: S603 - our own
        started = child(tmp_path)
        holder.kill()
    wait_until(lambda: started not in supervisor.living())
