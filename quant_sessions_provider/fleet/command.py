"""Runs the Pulumi CLI under a supervisor: it ends when this process ends, or when it is asked to."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import suppress
from copy import copy
from functools import cache
from typing import TYPE_CHECKING, Final

from pulumi import automation

from quant_sessions_provider.core.errors import ConfigurationError
from quant_sessions_provider.core.text import one_line
from quant_sessions_provider.fleet import supervisor
from quant_sessions_provider.fleet.model import Never
from quant_sessions_provider.pulumi_command import DetachedCommand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quant_sessions_provider.fleet.model import Stop

_LOOK_SECONDS: Final = 0.5
"""How soon a request to stop is noticed."""


class SupervisedCommand(DetachedCommand):
    """The CLI, whose runs are interrupted when ``stop`` asks for it, and killed ``grace`` seconds later."""

    stdin = subprocess.PIPE
    stop: Stop = Never()

    @classmethod
    def make(cls, stop: Stop, grace: float, *, interrupts: bool = True) -> SupervisedCommand:
        """Return one; the CLI and its version are looked for once in a process.

        Without ``interrupts`` its runs are not interrupted, and have ``grace`` seconds to end by themselves.

        Raises:
            ConfigurationError: there is no CLI, it is too old, or this is Windows.

        """
        if sys.platform == "win32":
            raise ConfigurationError("a fleet runs on Linux or macOS alone; on Windows use WSL")
        made = copy(_found())
        made.stop = stop
        # Signal 0 does nothing.
        first = int(signal.SIGINT) if interrupts else 0
        made.around = [sys.executable, "-I", "-S", supervisor.__file__, str(grace), str(first)]
        return made

    def wait(self, process: subprocess.Popen[bytes], args: Sequence[str]) -> int:  # noqa: ARG002 - the base class's
        """Wait for the end of a command; return its exit code."""
        try:
            return self._wait(process)
        finally:
            _close(process)
            if process.poll() is not None:
                # The supervisor may have been killed itself.
                supervisor.end_session(process.pid)

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        while not _has_ended(process):
            if self.stop.asked():
                _close(process)
        return process.returncode


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    with suppress(subprocess.TimeoutExpired):
        process.wait(_LOOK_SECONDS)
        return True
    return False


def _close(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        process.stdin.close()


@cache
def _found() -> SupervisedCommand:
    try:
        return SupervisedCommand()
    except OSError:
        raise ConfigurationError("the Pulumi CLI is not on PATH") from None
    except automation.InvalidVersionError as error:
        raise ConfigurationError(one_line(str(error))) from None
