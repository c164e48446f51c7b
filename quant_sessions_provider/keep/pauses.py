"""When to try again, and when to wake. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core.state import Expiry
from quant_sessions_provider.keep.model import Deferred, Pauses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quant_sessions_provider.keep.model import View
    from quant_sessions_provider.timeline.model import ExportedSession

AFTER_FAILURE: Final = Pauses(timedelta(seconds=15), timedelta(minutes=15))
WHILE_UNREADABLE: Final = Pauses(timedelta(seconds=15), timedelta(minutes=1))
WHILE_LOCKED: Final = Pauses(timedelta(seconds=5), timedelta(minutes=1))
FOR_A_PERSON: Final = Pauses(timedelta(minutes=5), timedelta(hours=1))
"""A preview is tried again, since a person may have acted without changing the session's state."""
_MOST_DOUBLINGS: Final = 20


def defer(
    session: ExportedSession, earlier: Deferred | None, now: datetime, pauses: Pauses, *, person: bool = False
) -> Deferred:
    """Return until when a due session is left: the pauses grow, but tries come before its expiry."""
    tries = 1 + (earlier.tries if earlier and earlier.person == person else 0)
    pause, left = growing(pauses, tries), _left(session, now)
    if left > timedelta():
        pause = max(pauses.first, min(pause, left / 2))
    return Deferred(session, tries, now + pause, person)


def growing(pauses: Pauses, tries: int) -> timedelta:
    """Return the pause after a number of tries."""
    return min(pauses.first * (1 << min(tries - 1, _MOST_DOUBLINGS)), pauses.longest)


def _left(session: ExportedSession, now: datetime) -> timedelta:
    known = Expiry.of(session.outputs).known
    return timedelta() if known is None else known - now


def is_deferred(urn: str, view: View, deferred: Mapping[str, Deferred]) -> bool:
    """Return whether a session is to be left now; one that changed in state since then is not."""
    found = deferred.get(urn)
    return found is not None and found.until > view.at and found.session == view.sessions.get(urn)


def next_time(view: View, deferred: Mapping[str, Deferred]) -> tuple[datetime, str] | None:
    """Return when there is next something to do that does not wait for a person, and to which session."""
    times = {
        urn: deferred[urn].until if urn in deferred else event.at
        for urn, event in view.events.items()
        if urn not in deferred or not deferred[urn].person
    }
    return min(((at, urn) for urn, at in times.items()), default=None)


def wake(view: View, deferred: Mapping[str, Deferred], longest: timedelta) -> datetime:
    """Return until when there is nothing to do; at most ``longest`` away, since others may change the state."""
    times = [deferred[urn].until if urn in deferred else event.at for urn, event in view.events.items()]
    return min([*times, view.at + longest])
