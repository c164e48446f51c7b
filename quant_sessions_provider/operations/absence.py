"""Proves that a session is gone: the API's own 404, and a list, read now, without it.

A status alone proves nothing: a gateway, a moved route or another host answers 404 too.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING

from quant_sessions_provider.core.errors import ForbiddenError, QuantSessionsError, RefusedError
from quant_sessions_provider.core.model import Key

if TYPE_CHECKING:
    from quant_sessions_provider.core.errors import NotFoundError
    from quant_sessions_provider.core.state import StoredState
    from quant_sessions_provider.operations.api import SessionsApi, SessionSummary

_Owner = tuple[str, str | None, str | None]
"""Organization, user and group; None for any."""


@dataclass(frozen=True)
class _Walk:
    began: int
    ids: frozenset[str]


class ActiveSessions:
    """Lists of the active sessions of one owner each.

    One walk serves all who asked before it began: a thousand sessions of one user need no thousand walks.
    """

    def __init__(self, api: SessionsApi) -> None:
        self._api, self._ticks = api, count()
        self._guard = Lock()
        self._locks: dict[_Owner, Lock] = {}
        self._walks: dict[_Owner, _Walk] = {}

    def tick(self) -> int:
        """Return a mark of this time, to ask for a walk that began after it."""
        return next(self._ticks)

    def hold(self, state: StoredState, after: int) -> bool:
        """Return whether the API lists the session as active, by a walk that began after a mark.

        Raises:
            QuantSessionsError: the list could not be read to its end, or changed while it was read.

        """
        owner = _owner(state)
        with self._lock(owner):
            walk = self._walks.get(owner)
            if walk is None or walk.began < after:
                walk = self._walks[owner] = self._walk(owner)
        return state.id.lower() in walk.ids

    def _lock(self, owner: _Owner) -> Lock:
        with self._guard:
            return self._locks.setdefault(owner, Lock())

    def _walk(self, owner: _Owner) -> _Walk:
        began, (organization, user_id, session_group) = next(self._ticks), owner
        listed = self._api.list(organization, user_id=user_id, session_group=session_group, exhaustive=True)
        return _Walk(began, frozenset(_id(session).lower() for session in listed))


def _id(session: SessionSummary) -> str:
    if not session.id:
        raise RefusedError("listing sessions: an entry has no id, so the list does not prove what is not in it")
    return session.id


def _owner(state: StoredState) -> _Owner:
    user_id, session_group = state.get(Key.USER_ID), state.get(Key.SESSION_GROUP)
    # All sessions of the organization, where state has no user.
    return (
        state.organization,
        user_id if isinstance(user_id, str) else None,
        session_group if isinstance(session_group, str) else None,
    )


def prove_absence(error: NotFoundError, state: StoredState, active: ActiveSessions) -> None:
    """Return if the session is gone, of which ``error`` is the API's word.

    A completed session is never listed: for one, that the list answers at all is the rest of the proof.

    Raises:
        RefusedError: that is not proved; nothing was changed.

    """
    try:
        listed = active.hold(state, active.tick())
    except QuantSessionsError as failure:
        raise RefusedError(f"{unproved(error)}: {failure}{_way_out(failure)}") from error
    if listed:
        raise RefusedError(f"{unproved(error)}: the API lists it as active")


def unproved(error: QuantSessionsError) -> str:
    """Return what a 404 says, and that it proves nothing."""
    return f"{error}; that does not prove that it is gone, so nothing was changed"


def _way_out(failure: QuantSessionsError) -> str:
    if not isinstance(failure, ForbiddenError):
        return ""
    return ". If you know that it is gone, `pulumi state delete` with its URN drops it from state"
