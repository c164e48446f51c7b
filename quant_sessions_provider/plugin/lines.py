"""Lines on the resource of the call that runs in this thread, in the engine's log."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core.describe import about
from quant_sessions_provider.core.text import one_line
from quant_sessions_provider.core.urns import name_of
from quant_sessions_provider.engine.log import INFO, WARNING, log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi.runtime.proto import engine_pb2

# A context variable, because operations speak of a session's id alone.
_urn: Final[ContextVar[str]] = ContextVar("urn", default="")


@contextmanager
def lines_on(urn: str) -> Iterator[None]:
    """Put what is said meanwhile on a resource."""
    before = _urn.set(urn)
    try:
        yield
    finally:
        _urn.reset(before)


class Lines:
    """Prints through the engine at an address, or to standard error, which the engine shows too."""

    def __init__(self, address: str = "") -> None:
        self.address = address

    def inform(self, _session_id: str, sentence: str) -> None:
        """Print a sentence about the resource."""
        self._say(INFO, sentence)

    def warn(self, _session_id: str, sentence: str) -> None:
        """Print a warning about the resource."""
        self._say(WARNING, sentence)

    def _say(self, severity: engine_pb2.LogSeverity.ValueType, sentence: str) -> None:
        urn = _urn.get()
        line = about(name_of(urn), sentence) if urn else sentence
        if not log(self.address, severity, line, urn):
            sys.stderr.write(f"{one_line(line)}\n")
