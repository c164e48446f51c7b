"""Asks the API about one session: is it there, is it alive, what would be lost with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.describe import GONE, Loss
from quant_sessions_provider.core.errors import (
    AnswerLostError,
    ApiError,
    NotFoundError,
    QuantSessionsError,
)
from quant_sessions_provider.core.model import Key
from quant_sessions_provider.core.state import GRANT_TOLERANCE
from quant_sessions_provider.operations.absence import ActiveSessions, prove_absence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from quant_sessions_provider.core.model import Properties
    from quant_sessions_provider.core.state import StoredState
    from quant_sessions_provider.operations.api import SessionsApi, SessionSummary, StoredSession

_ATTEMPTS: Final = 3


class Inspector:
    """Looks and changes nothing."""

    def __init__(self, api: SessionsApi) -> None:
        self._api, self._active = api, ActiveSessions(api)

    def find(self, state: StoredState) -> StoredSession | None:
        """Return the session as the API has it; None if it is gone.

        Raises:
            RefusedError: the API answers 404, and yet it is not proved that the session is gone.

        """
        try:
            return self._api.get(state.organization, state.id)
        except NotFoundError as error:
            prove_absence(error, state, self._active)
            return None

    def expiry_outcome(self, state: StoredState) -> Loss | None:
        """Return what is lost with a session past its expiry; None if it is alive.

        It may linger, so the list of active sessions decides. That list holds no completed sessions: for one of those
        a GET alone does.
        """
        found = self.find(state)
        if found is None:
            return GONE
        return None if state.is_completed or self._active.hold(state, self._active.tick()) else _loss_of(found)

    def loss(self, state: StoredState) -> Loss:
        """Return what a replacement loses."""
        try:
            found = self.find(state)
        except QuantSessionsError:
            return Loss(None)
        return GONE if found is None else _loss_of(found)

    def possible_orphans(self, inputs: Properties, sent: datetime) -> str:
        """Return which sessions a creation whose answer was lost may have made."""
        found = self._created_since(inputs, sent - GRANT_TOLERANCE)
        if found is None:
            return "Could not determine whether a session was created; it expires by itself"
        if not found:
            return "The API lists no session that it may have made"
        # Another stack, or a session that this one is to replace, may have the same user and group.
        which = "unless a stack has it in its state" if len(found) == 1 else "whichever no stack has in its state"
        return f"It may have made session {' or '.join(found)} ({which}): delete it by its id, or let it expire"

    def _created_since(self, inputs: Properties, start: datetime) -> list[str] | None:
        """Ask up to three times: only now can the session be told by its creation time."""
        for _ in range(_ATTEMPTS):
            try:
                listed = list(self._of_owner(inputs))
            except (ApiError, AnswerLostError) as error:
                if not error.maybe_applied:
                    break
                continue
            except QuantSessionsError:
                break
            # The API's clock may differ from ours, and a creation time may be missing.
            return [s.id for s in listed if s.id and (timestamps.parse_or_none(s.created_at) or start) >= start]
        return None

    def _of_owner(self, inputs: Properties) -> Iterator[SessionSummary]:
        return self._api.list(
            inputs[Key.ORGANIZATION], user_id=inputs[Key.USER_ID], session_group=inputs.get(Key.SESSION_GROUP)
        )


def _loss_of(session: StoredSession) -> Loss:
    return Loss(None if session.messages is None else len(session.messages))
