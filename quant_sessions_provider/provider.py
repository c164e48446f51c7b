"""The dynamic provider: calls the operations, and translates values, failures and errors for Pulumi's dynamic host.

State holds a pickled reference to :class:`SessionProvider`, so its module and name never change.
"""

from __future__ import annotations

import os
import sys
from typing import Any

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
from quant_sessions_provider.core.errors import ConfigurationError
from quant_sessions_provider.dynamic.debug_log import show_log
from quant_sessions_provider.dynamic.one_line_errors import one_line_errors
from quant_sessions_provider.dynamic.properties import from_pulumi, to_pulumi
from quant_sessions_provider.operations.crud import Operations


def _print(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - the engine shows the host's standard error


class SessionProvider(ResourceProvider):
    """The dynamic provider of :class:`quant_sessions_provider.Session`; without state until it is configured."""

    # The pickled reference holds no secret; encrypting it would only change it with each run.
    serialize_as_secret_always = False

    _operations: Operations
    _settings_error: ConfigurationError | None

    def configure(self, req: ConfigureRequest) -> None:
        """Read the settings; an error in them is raised by the first call that needs them."""
        if os.environ.get(config.DEBUG):
            show_log()
        self._settings_error = None
        try:
            settings = config.load(req.config.get, os.environ)
        except ConfigurationError as error:
            self._settings_error = error
        else:
            self._operations = Operations(client_of(settings), settings, _print)

    def _ready(self) -> Operations:
        if self._settings_error:
            raise self._settings_error
        return self._operations

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Return the inputs with defaults and the planned expiry, and what is wrong with them."""
        if self._settings_error:
            return CheckResult(news, [CheckFailure("", str(self._settings_error))])
        inputs, failures = self._operations.check(from_pulumi(_olds), from_pulumi(news))
        # If a failure named its property, the engine would print its value.
        return CheckResult(to_pulumi(inputs), [CheckFailure("", line) for line in failures])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Return whether to do nothing, update or replace."""
        with one_line_errors():
            diff = self._ready().diff(_id, from_pulumi(_olds), from_pulumi(_news))
        for note in diff.notes:
            _print(note)
        return DiffResult(changes=diff.changes, replaces=diff.replaces)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Create the session."""
        with one_line_errors():
            session_id, outputs = self._ready().create(from_pulumi(props))
        return CreateResult(session_id, to_pulumi(outputs))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Read the session; an empty id removes it from state."""
        with one_line_errors():
            found = self._ready().read(id_, from_pulumi(props))
        if found is None:
            return ReadResult("", {})
        return ReadResult(id_, to_pulumi(found))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Send what moved."""
        with one_line_errors():
            return UpdateResult(to_pulumi(self._ready().update(_id, from_pulumi(_olds), from_pulumi(_news))))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Delete the session."""
        with one_line_errors():
            self._ready().delete(_id, from_pulumi(_props))
