"""Translates between the operations and Pulumi's dynamic host: numbers, unknowns, failures, errors.

State holds a pickled reference to :class:`SessionProvider`: its module and name stay importable for ever.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pulumi
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

from quant_sessions_provider import config
from quant_sessions_provider.client import Client
from quant_sessions_provider.errors import ConfigurationError, QuantSessionsError
from quant_sessions_provider.model import UNKNOWN, Properties, Unknown
from quant_sessions_provider.operations import Operations
from quant_sessions_provider.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXACT: Final = 2**53
"""The host's numbers are floats; up to here each whole one is exact."""

_DEBUG: Final = "QUANTCDN_DEBUG"


class SessionError(Exception):
    """An error on its way to the user: one line, where the host would print a traceback.

    ``sys.tracebacklimit`` is the process's, and other dynamic providers share the process. So it is cut here, and
    restored when the host asks for the text, which it does right after it took the stack.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        if os.environ.get(_DEBUG):
            return
        sys.tracebacklimit = 0

    def __str__(self) -> str:
        """Give the text, and other errors their tracebacks back."""
        if hasattr(sys, "tracebacklimit"):
            del sys.tracebacklimit
        return super().__str__()


# The traceback module prints the module of every class but the builtin ones; people need the text alone.
SessionError.__module__ = "builtins"


@contextmanager
def _one_line() -> Iterator[None]:
    try:
        yield
    except QuantSessionsError as error:
        raise SessionError(str(error)) from (error if os.environ.get(_DEBUG) else None)


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
            self._operations = Operations(Client(Transport(settings)), settings)

    def _ready(self) -> Operations:
        if self._malformed:
            raise self._malformed
        return self._operations

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Validate, and fill in defaults and the planned expiry."""
        if self._malformed:
            return CheckResult(news, [CheckFailure("", str(self._malformed))])
        inputs, failures = self._operations.check(_inward(_olds), _inward(news))
        # A failure that names a property would make the engine print its value.
        return CheckResult(_outward(inputs), [CheckFailure("", line) for line in failures])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Decide between nothing, an update and a replacement."""
        with _one_line():
            diff = self._ready().diff(_id, _inward(_olds), _inward(_news))
        for note in diff.notes:
            print(note, file=sys.stderr)  # noqa: T201 - the host's stderr is shown to the user
        return DiffResult(changes=diff.changes, replaces=diff.replaces)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Create the session."""
        with _one_line():
            session_id, outputs = self._ready().create(_inward(props))
        return CreateResult(session_id, _outward(outputs))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Read the session; an empty id drops it from state."""
        with _one_line():
            found = self._ready().read(id_, _inward(props))
        if found is None:
            return ReadResult("", {})
        outputs, inputs = found
        return ReadResult(id_, _outward(outputs), None if inputs is None else _outward(inputs))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Send what moved."""
        with _one_line():
            return UpdateResult(_outward(self._ready().update(_id, _inward(_olds), _inward(_news))))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Delete the session."""
        with _one_line():
            self._ready().delete(_id, _inward(_props))


def _inward(properties: dict[str, Any]) -> Properties:
    """Take the host's properties: its own keys go, unknowns become one value, whole numbers become integers."""
    return {key: _value_in(value) for key, value in properties.items() if not key.startswith("__")}


def _value_in(value: Any) -> Any:  # noqa: ANN401 - a property value
    if isinstance(value, pulumi.output.Unknown):
        return UNKNOWN
    if isinstance(value, dict):
        return {key: _value_in(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_value_in(inner) for inner in value]
    if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT:
        return int(value)
    return value


def _outward(properties: Properties) -> dict[str, Any]:
    """Give properties to the host, in its own word for what is not known yet."""
    return {key: _value_out(value) for key, value in properties.items()}


def _value_out(value: Any) -> Any:  # noqa: ANN401 - a property value
    if isinstance(value, Unknown):
        return pulumi.output.UNKNOWN
    if isinstance(value, dict):
        return _outward(value)
    if isinstance(value, list):
        return [_value_out(inner) for inner in value]
    return value
