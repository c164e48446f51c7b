"""Looks at the sessions of a stack: one GET for each, and one list for those that answer past their expiry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core.errors import NotFoundError, QuantSessionsError, RefusedError
from quant_sessions_provider.core.losses import loss_of
from quant_sessions_provider.core.model import Key
from quant_sessions_provider.core.redaction import redact_errors
from quant_sessions_provider.core.state import StoredState
from quant_sessions_provider.operations.absence import ActiveSessions
from quant_sessions_provider.operations.place import require_place
from quant_sessions_provider.status.model import Seen
from quant_sessions_provider.status.parallel import in_parallel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from quant_sessions_provider.core.model import Properties
    from quant_sessions_provider.core.settings import Settings
    from quant_sessions_provider.operations.api import SessionsApi
    from quant_sessions_provider.status.model import Life, StackSession

_THREADS: Final = 16
"""Requests at the same time; `requestsPerSecond` is respected whatever their number."""


def by_state(session: StackSession, now: datetime) -> Seen:
    """Return what state alone says of a session."""
    state = StoredState(session.id, session.outputs)
    if state.get(Key.EXPIRED) is True or state.expiry.passed(now):
        return Seen("expired")
    if session.times is None:
        return Seen("unknown", session.hidden)
    return Seen("completed" if state.is_completed else "alive")


class Observer:
    """Looks at sessions under one configuration; sends only reads."""

    def __init__(self, api: SessionsApi, settings: Settings) -> None:
        self._api, self._settings = api, settings

    def look(self, sessions: Sequence[StackSession], clock: Callable[[], datetime]) -> list[Seen]:
        """Return the sessions as the API has them, in their order. One that cannot be read is unknown, and says why."""
        look = _Look(self._api, self._settings, clock)
        return in_parallel(look.at, sessions, threads=_THREADS)


class _Look:
    """One look at all sessions: they share the lists that are read for them.

    A look takes a while, and sessions expire meanwhile: each answer is judged by the time at which it came.
    """

    def __init__(self, api: SessionsApi, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._api, self._settings, self._clock = api, settings, clock
        self._active = ActiveSessions(api)
        self._began = self._active.tick()

    def at(self, session: StackSession) -> Seen:
        try:
            return self._see(session, session.outputs)
        except QuantSessionsError as error:
            return Seen("unknown", str(error))

    @redact_errors
    def _see(self, session: StackSession, outputs: Properties) -> Seen:
        state = StoredState(session.id, self._with_organization(outputs))
        require_place(state, self._settings.base_url)
        try:
            found = self._api.get(state.organization, state.id)
        except NotFoundError as error:
            if session.account:
                raise RefusedError(f"{error}; its provider {session.account} may have another token") from error
            return Seen("expired" if state.expiry.passed(self._clock()) else "gone")
        life = self._life(state)
        count = None if found.messages is None else len(found.messages)
        return Seen(life, messages=count, loss=loss_of(state.get(Key.MESSAGES, []), found.messages))

    def _life(self, state: StoredState) -> Life:
        if state.is_completed:
            return "completed"
        known = state.expiry.known
        # A session may linger past its expiry: the list of active ones decides, as in a run.
        doubtful = known is None or known <= self._clock()
        return "expired" if doubtful and not self._active.hold(state, self._began) else "alive"

    def _with_organization(self, outputs: Properties) -> Properties:
        """Return the outputs with the configured organization, where state has none in plain text."""
        if isinstance(outputs.get(Key.ORGANIZATION), str):
            return outputs
        return outputs | {Key.ORGANIZATION: self._settings.require_organization()}
