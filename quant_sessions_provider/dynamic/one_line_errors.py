"""Errors on their way through the dynamic host, which would print a traceback for each."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from quant_sessions_provider.core.errors import QuantSessionsError
from quant_sessions_provider.core.settings import DEBUG

if TYPE_CHECKING:
    from collections.abc import Iterator


class SessionError(Exception):
    """An error of the provider, which the host prints as one line.

    ``sys.tracebacklimit`` belongs to the process, which other dynamic providers share. So it is set here, and restored
    when the host asks for the text, which it does right after it has read the stack.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._cuts = not os.environ.get(DEBUG)
        if self._cuts:
            _tracebacks.cut()

    def __str__(self) -> str:
        """Return the text; the first call restores the tracebacks of other errors."""
        cuts, self._cuts = self._cuts, False
        if cuts:
            _tracebacks.restore()
        return super().__str__()


class _Tracebacks:
    """Counts the errors that cut tracebacks: the host's four threads may fail at the same time."""

    def __init__(self) -> None:
        self._lock, self._cuts = Lock(), 0
        self._limit: int | None = None

    def cut(self) -> None:
        with self._lock:
            if not self._cuts:
                self._limit = getattr(sys, "tracebacklimit", None)
            self._cuts += 1
            sys.tracebacklimit = 0

    def restore(self) -> None:
        with self._lock:
            self._cuts -= 1
            if self._cuts:
                return
            if self._limit is None:
                del sys.tracebacklimit
            else:
                sys.tracebacklimit = self._limit


_tracebacks = _Tracebacks()

# The traceback module prints the module of every class but the builtin ones; people need the text alone.
SessionError.__module__ = "builtins"


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Raise the package's errors as :class:`SessionError`; others are bugs and keep their tracebacks."""
    try:
        yield
    except QuantSessionsError as error:
        raise SessionError(str(error)) from (error if os.environ.get(DEBUG) else None)
