"""The dynamic provider: calls the operations, and translates values, failures and errors for Pulumi's dynamic host.

State holds a pickled reference to :class:`SessionProvider`, so its module and name never change.
"""

from __future__ import annotations

import os
from typing import Any, ClassVar

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
from quant_sessions_provider.core.describe import TAKEN_OVER
from quant_sessions_provider.core.errors import ConfigurationError
from quant_sessions_provider.core.model import Key, same
from quant_sessions_provider.core.paths import covers
from quant_sessions_provider.dynamic.host import PROVIDER_KEY, HostCall, current_call, inform, warn
from quant_sessions_provider.dynamic.one_line_errors import one_line_errors
from quant_sessions_provider.dynamic.properties import REPLACE_ON_CHANGES, from_pulumi, refusals, to_pulumi
from quant_sessions_provider.engine.debug_log import show_log
from quant_sessions_provider.operations.crud import Diff, Operations
from quant_sessions_provider.operations.delete_reasons import DeleteReasons
from quant_sessions_provider.operations.transcripts import UNKNOWN_REASON


class SessionProvider(ResourceProvider):
    """The dynamic provider of :class:`quant_sessions_provider.Session`; without state until it is configured."""

    # The pickled reference holds no secret; encrypting it would only change it with each run.
    serialize_as_secret_always = False

    _operations: Operations
    _settings_error: ConfigurationError | None
    _planned: dict[str, list[str]]
    """By URN what was checked and not compared yet: the paths of ``replace_on_changes``."""
    _existing: set[str]
    """URNs that were checked with old inputs."""
    _reasons: ClassVar = DeleteReasons()
    """One for all: where state holds the reference in another spelling, the host deletes by another instance."""

    def configure(self, req: ConfigureRequest) -> None:
        """Read the settings; an error in them is raised by the first call that needs them."""
        if os.environ.get(config.DEBUG):
            show_log()
        self._settings_error = None
        self._planned, self._existing = {}, set()
        try:
            settings = config.load(req.config.get, os.environ)
        except ConfigurationError as error:
            self._settings_error = error
        else:
            self._operations = Operations(client_of(settings), settings, inform)

    def _ready(self) -> Operations:
        if self._settings_error:
            raise self._settings_error
        return self._operations

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Return the inputs with defaults and the planned expiry, and what is wrong with them."""
        if self._settings_error:
            return CheckResult(news, [CheckFailure("", str(self._settings_error))])
        refused = refusals(news)
        if refused:
            return CheckResult(news, [CheckFailure("", line) for line in refused])
        call = current_call()
        if call:
            self._planned[call.urn] = news.get(REPLACE_ON_CHANGES) or []
            self._reasons.check(call.urn)
        inputs, failures = self._operations.check(from_pulumi(_olds), from_pulumi(news))
        if call and self._is_new(call, _olds) and not failures:
            inform("", self._operations.describe_creation(inputs))
        # If a failure named its property, the engine would print its value.
        return CheckResult(to_pulumi(inputs), [CheckFailure("", line) for line in failures])

    def _is_new(self, call: HostCall, old_inputs: dict[str, Any]) -> bool:
        """Return whether a session is created. For a replacement its old inputs are checked first, then none."""
        if old_inputs:
            self._existing.add(call.urn)
        return call.urn not in self._existing

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Return whether to do nothing, update or replace."""
        call, new = current_call(), from_pulumi(_news)
        paths = self._take_plan(call) if call else []
        with one_line_errors():
            diff = self._ready().diff(
                _id,
                from_pulumi(_olds),
                new,
                in_plan=paths is not None,
                replace_on_changes=paths or [],
                ignores_expiry=_ignores_expiry(call),
            )
        if call:
            self._reasons.diff(call.urn, _id, diff.replaces, in_plan=paths is not None)
            if paths is not None and PROVIDER_KEY not in _olds:
                diff = _taken_over(diff)
        if diff.sentence:
            (warn if diff.loses else inform)(_id, diff.sentence)
        # After a half-done run the inputs in state are those of the program, and outputs alone tell what is missing.
        missing = diff.changes is None and call and paths is not None and same(from_pulumi(call.old_inputs), new)
        return DiffResult(changes=True if missing else diff.changes, replaces=diff.replaces)

    def _take_plan(self, call: HostCall) -> list[str] | None:
        """Return what check left for the diff of a plan; None in a refresh, which compares without a check before."""
        return self._planned.pop(call.urn, None)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Create the session."""
        with one_line_errors():
            session_id, outputs = self._ready().create(from_pulumi(props))
        return CreateResult(session_id, to_pulumi(outputs))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Read the session; an empty id removes it from state."""
        call = current_call()
        if call:
            # A refresh begins here, and what was planned before is done.
            self._take_plan(call)
            self._reasons.read(call.urn)
            self._existing.discard(call.urn)
        with one_line_errors():
            found = self._ready().read(id_, from_pulumi(props))
        if found is None:
            return ReadResult("", {})
        return ReadResult(id_, to_pulumi(found))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Send what moved."""
        with one_line_errors():
            ignores_expiry = _ignores_expiry(current_call())
            updated = self._ready().update(_id, from_pulumi(_olds), from_pulumi(_news), ignores_expiry=ignores_expiry)
        return UpdateResult(to_pulumi(updated))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Delete the session."""
        call = current_call()
        reason = self._reasons.of(call.urn, _id) if call else UNKNOWN_REASON
        with one_line_errors():
            self._ready().delete(_id, from_pulumi(_props), reason)


def _ignores_expiry(call: HostCall | None) -> bool:
    """Return whether the program ignores changes of the expiry; so does one of which that cannot be seen."""
    return call is None or covers(call.ignored_paths, Key.EXPIRES_AT)


def _taken_over(diff: Diff) -> Diff:
    """Return a decision that makes the engine record this provider, which the host needs in outputs from then on."""
    return Diff(changes=True, sentence=TAKEN_OVER) if diff.changes is False else diff
