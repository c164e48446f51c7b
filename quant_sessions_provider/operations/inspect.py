"""Asks the API about one session: is it there, is it alive, what would be lost with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.errors import (
    AnswerLostError,
    ApiError,
    GatewayNotFoundError,
    NotFoundError,
    OtherSessionError,
    QuantSessionsError,
    RefusedError,
)
from quant_sessions_provider.core.losses import GONE, Loss, loss_of
from quant_sessions_provider.core.model import Key
from quant_sessions_provider.core.state import GRANT_TOLERANCE
from quant_sessions_provider.operations.absence import ActiveSessions, prove_absence, unproved

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from quant_sessions_provider.core.model import Properties
    from quant_sessions_provider.core.state import StoredState
    from quant_sessions_provider.operations.api import SessionsApi, SessionSummary, StoredSession

_ATTEMPTS: Final = 3
_FIRST_READ: Final = (
    "; this is the first read since its creation, so the API may have returned another id then: `quant-sessions doctor"
    " --probe` finds out"
)


class Inspector:
    """Sends only reads."""

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
        except GatewayNotFoundError as error:
            raise RefusedError(unproved(error)) from error
        except OtherSessionError as error:
            if Key.MODEL in state.outputs:  # only reads return it
                raise
            raise RefusedError(f"{error}{_FIRST_READ}") from error

    def expiry_outcome(self, state: StoredState) -> Loss | None:
        """Return what is lost with a session past its expiry; None if it is alive.

        It may linger, so the list of active sessions decides. That list holds no completed sessions: for one of those
        a GET alone does.
        """
        found = self.find(state)
        if found is None:
            return GONE
        return None if state.is_completed or self.is_listed(state) else _loss(state, found)

    def is_listed(self, state: StoredState) -> bool:
        """Return whether the API lists it as an active session of its user and group."""
        return self._active.hold(state, self._active.tick())

    def loss(self, state: StoredState) -> Loss:
        """Return what a replacement loses."""
        try:
            found = self.find(state)
        except QuantSessionsError:
            return Loss(None)
        return GONE if found is None else _loss(state, found)

    def created_since(self, inputs: Properties, sent: datetime, latest: datetime | None = None) -> list[str] | None:
        """Return the ids of the sessions that a creation sent at a time may have made; None if nobody can tell.

        ``latest``: when it was answered at the latest; now, if it is None. With it, as where what is found may be
        deleted, a session without a creation time is none of them. It tries up to three times: later its
        creation time no longer identifies a session.
        """
        # The API's clock may differ from ours, and a creation time may be missing.
        start, end = sent - GRANT_TOLERANCE, latest and latest + GRANT_TOLERANCE
        unknown = start if latest is None else None
        for _ in range(_ATTEMPTS):
            try:
                listed = list(self._of_owner(inputs))
            except (ApiError, AnswerLostError) as error:
                if not error.maybe_applied:
                    break
                continue
            except QuantSessionsError:
                break
            times = {s.id: timestamps.parse_or_none(s.created_at) or unknown for s in listed if s.id}
            return [session for session, at in times.items() if at and start <= at and (end is None or at <= end)]
        return None

    def _of_owner(self, inputs: Properties) -> Iterator[SessionSummary]:
        return self._api.list(
            inputs[Key.ORGANIZATION],
            user_id=inputs[Key.USER_ID],
            session_group=inputs.get(Key.SESSION_GROUP),
            exhaustive=True,
        )


def _loss(state: StoredState, found: StoredSession) -> Loss:
    return loss_of(state.get(Key.MESSAGES, []), found.messages)
