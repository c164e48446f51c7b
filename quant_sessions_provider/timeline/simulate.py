"""Forecasts when each session of a stack lives, is renewed and is dead, for given runs. No clock, no files.

The provider's own operations carry out each run on an API in memory, with the program as it was in the last real run.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.errors import QuantSessionsError, RefusedError
from quant_sessions_provider.core.model import Key, same
from quant_sessions_provider.core.state import Expiry
from quant_sessions_provider.timeline.advice import advice
from quant_sessions_provider.timeline.model import Event, ExportedSession, Forecast
from quant_sessions_provider.timeline.paper import PaperApi

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from quant_sessions_provider.core.model import Properties

_LINGERS: Final = timedelta(minutes=1)
"""How long a session lives on that is past its expiry: nobody knows, and runs look at it as they come."""


def forecasts(
    sessions: Sequence[ExportedSession], runs: Sequence[datetime], start: datetime, end: datetime
) -> list[Forecast]:
    """Return what becomes of a stack's sessions in some runs; as in state, one that others depend on comes first."""
    found: list[Forecast] = []
    for session in sessions:
        others = [each for each in found if each.session.urn in session.replaced_with]
        found.append(_forecast(session, others, runs, start, end))
    return found


def _forecast(
    session: ExportedSession, others: Sequence[Forecast], runs: Sequence[datetime], start: datetime, end: datetime
) -> Forecast:
    causes = {event.at: other.session.name for other in others for event in other.events if event.kind == "recreated"}
    api = PaperApi(start, _first_expiry(session, start))
    result, stack = Forecast(session, start, end), _Stack(session, api)
    born = max(start, timestamps.parse_or_none(session.outputs.get(Key.CREATED_AT)) or start)
    for run in runs:
        if run < born:
            continue
        ended = api.expiry
        event = stack.run(run, causes.get(run))
        if event:
            result.events.append(event)
        if event and event.kind == "recreated":
            result.spans += _span(born, min(ended, run))
            born = run
    result.spans += _span(born, min(api.expiry, end))
    result.advice = advice(result, runs)
    return result


def _first_expiry(session: ExportedSession, start: datetime) -> datetime:
    lives = session.lives
    if session.pending or lives is False or (lives is None and session.outputs.get(Key.EXPIRED) is True):
        return start
    expiry = Expiry.of(session.outputs)
    planned = expiry.granted or expiry.known or start
    return max(planned, start + _LINGERS) if lives else planned


def _span(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    if since < until:
        yield since, until


class _Stack:
    """The engine's part in a run of a program that does not change, for one session."""

    def __init__(self, session: ExportedSession, api: PaperApi) -> None:
        self._session, self._api = session, api
        self._operations = api.operations()
        self._id, self._inputs, self._outputs = api.session_id, session.inputs, session.outputs
        self._pending = session.pending

    def run(self, at: datetime, cause: str | None) -> Event | None:
        self._api.now, self._api.extended_by = at, 0
        before = self._api.session_id
        try:
            self._up(forced=cause is not None)
        except QuantSessionsError as error:
            return Event(at, "stopped", why=str(error).replace(self._id, self._session.name))
        if self._api.session_id != before:
            return Event(at, "recreated", why=f"it is replaced whenever {cause} is" if cause else "")
        minutes = self._api.extended_by
        return Event(at, "renewed", minutes) if minutes else None

    def _up(self, *, forced: bool) -> None:
        if self._pending or forced:
            self._inputs, self._pending = self._replace(), False
            return
        inputs = self._checked(self._inputs)
        ignores_expiry = self._session.ignores_expiry
        diff = self._operations.diff(self._id, self._outputs, inputs, ignores_expiry=ignores_expiry)
        if diff.changes is not False and (diff.changes or not same(self._inputs, inputs)):
            if diff.replaces or (self._session.replaced_by_renewal and self._moves_expiry(inputs)):
                inputs = self._replace()
            else:
                update = self._operations.update
                self._outputs = update(self._id, self._outputs, inputs, ignores_expiry=ignores_expiry)
        self._inputs = inputs

    def _moves_expiry(self, inputs: Properties) -> bool:
        return not same(self._inputs.get(Key.EXPIRES_AT), inputs.get(Key.EXPIRES_AT))

    def _replace(self) -> Properties:
        if self._session.protected:
            raise RefusedError("it is protected, and a run that would replace it stops")
        inputs = self._checked({})
        self._id, self._outputs = self._operations.create(inputs)
        return inputs

    def _checked(self, old: Properties) -> Properties:
        declared = dict(self._session.declared)
        if not old and Key.EXPIRATION_MINUTES in declared:
            # A new session is created as the program stands, whatever it ignores.
            declared.pop(Key.EXPIRES_AT, None)
        inputs, failures = self._operations.check(old, declared)
        if failures:
            raise RefusedError("; ".join(failures))
        return inputs
