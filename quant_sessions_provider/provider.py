"""Translates between the operations and Pulumi's dynamic host: numbers, unknowns, failures, errors.

State holds a pickled reference to :class:`SessionProvider`: its module and name stay importable for ever.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from quant_sessions_provider.client.sessions import client_of
from quant_sessions_provider.core import settings as config
from quant_sessions_provider.core.errors import ConfigurationError, QuantSessionsError
from quant_sessions_provider.dynamic.properties import inward, outward
from quant_sessions_provider.operations.crud import Operations

if TYPE_CHECKING:
    from collections.abc import Iterator


class SessionError(Exception):
    """An error on its way to the user: one line, where the host would print a traceback.

    ``sys.tracebacklimit`` is the process's, and other dynamic providers share the process. So it is cut here, and
    restored when the host asks for the text, which it does right after it took the stack.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._cuts = not os.environ.get(config.DEBUG)
        if self._cuts:
            _tracebacks.cut()

    def __str__(self) -> str:
        """Give the text, and once give other errors their tracebacks back."""
        cuts, self._cuts = self._cuts, False
        if cuts:
            _tracebacks.restore()
        return super().__str__()


class _Tracebacks:
    """Counts who wants tracebacks cut: the host's four threads may fail at the same time."""

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
def _one_line() -> Iterator[None]:
    try:
        yield
    except QuantSessionsError as error:
        raise SessionError(str(error)) from (error if os.environ.get(config.DEBUG) else None)


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - the host's stderr is shown to the user


class SessionProvider(ResourceProvider):
    """The dynamic provider of :class:`quant_sessions_provider.Session`. It has no state until it is configured."""

    # The pickled reference holds no secret; encrypting it would only change it with each run.
    serialize_as_secret_always = False

    _operations: Operations
    _malformed: ConfigurationError | None

    def configure(self, req: ConfigureRequest) -> None:
        """Read the settings; what is wrong with them is said by the first call that needs them."""
        self._malformed = None
        try:
            settings = config.load(req.config.get, os.environ)
        except ConfigurationError as error:
            self._malformed = error
        else:
            self._operations = Operations(client_of(settings), settings, _say)

    def _ready(self) -> Operations:
        if self._malformed:
            raise self._malformed
        return self._operations

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Validate, and fill in defaults and the planned expiry."""
        if self._malformed:
            return CheckResult(news, [CheckFailure("", str(self._malformed))])
        inputs, failures = self._operations.check(inward(_olds), inward(news))
        # A failure that names a property would make the engine print its value.
        return CheckResult(outward(inputs), [CheckFailure("", line) for line in failures])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Decide between nothing, an update and a replacement."""
        with _one_line():
            diff = self._ready().diff(_id, inward(_olds), inward(_news))
        for note in diff.notes:
            _say(note)
        return DiffResult(changes=diff.changes, replaces=diff.replaces)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Create the session."""
        with _one_line():
            session_id, outputs = self._ready().create(inward(props))
        return CreateResult(session_id, outward(outputs))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Read the session; an empty id drops it from state."""
        with _one_line():
            found = self._ready().read(id_, inward(props))
        if found is None:
            return ReadResult("", {})
        outputs, inputs = found
        return ReadResult(id_, outward(outputs), None if inputs is None else outward(inputs))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Send what moved."""
        with _one_line():
            return UpdateResult(outward(self._ready().update(_id, inward(_olds), inward(_news))))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Delete the session."""
        with _one_line():
            self._ready().delete(_id, inward(_props))
