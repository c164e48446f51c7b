"""SIGTERM and Ctrl-C: a sleep ends at once, a preview is interrupted, and a run that was begun is waited for."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_LOOK_SECONDS: Final = 0.2
"""How soon a sleep notices a signal at the latest; most interrupt it at once."""


class Interrupts:
    """The clock of a keeper, and whether a signal asked it to end. ``number`` is that signal."""

    def __init__(self) -> None:
        self.number: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def asked(self) -> bool:
        """Whether it was asked to end."""
        return self.number is not None

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Handle the signals, until the end of the block."""
        before = {number: signal.signal(number, self._ask) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def now(self) -> datetime:
        """Return the time."""
        return datetime.now(timezone.utc)

    def sleep(self, until: datetime) -> None:
        """Sleep until a time, or until it is asked to end."""
        # A handler must take no lock that its own thread may hold, so there is no event to wait for.
        while not self.asked and (left := (until - self.now()).total_seconds()) > 0:
            time.sleep(min(left, _LOOK_SECONDS))

    @contextmanager
    def interrupting(self, process: subprocess.Popen[bytes], *, late: bool = True) -> Iterator[None]:
        """Interrupt a process, once, if a signal comes within the block, or with ``late`` if it came before."""
        self._process = process
        try:
            if late and self.asked:
                self._interrupt()
            yield
        finally:
            self._process = None

    def _ask(self, number: int, _frame: object) -> None:
        self.number = self.number or number
        self._interrupt()

    def _interrupt(self) -> None:
        # Pulumi ends at once on a second signal, and may leave plugins behind.
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGINT)
