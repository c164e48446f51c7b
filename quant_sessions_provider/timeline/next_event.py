"""When `pulumi up` next has something to do to each session of a stack, and what. No clock, no files, no requests."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core.model import Key, is_whole
from quant_sessions_provider.core.state import Expiry
from quant_sessions_provider.timeline.simulate import forecasts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from quant_sessions_provider.timeline.model import Event, ExportedSession

_FRACTION: Final = timedelta(seconds=1)
_FAR: Final = timedelta(days=366)
"""No session lives so long; an API may use the year 9999 for "never", with which no time can be reckoned."""


def next_events(sessions: Sequence[ExportedSession], now: datetime) -> dict[str, Event]:
    """Return by URN what the first run from now on does that does anything; none does where it is missing.

    The program is that of the last run. An event at ``now`` is due: a run would do it at once. As in state, a session
    that others depend on comes before them.
    """
    found: dict[str, Event] = {}
    chains: dict[str, dict[str, ExportedSession]] = {}
    for session in sessions:
        causes = {urn: each for cause in session.replaced_with for urn, each in chains.get(cause, {}).items()}
        chain = chains[session.urn] = {**causes, session.urn: session}
        runs = sorted({now, *(at for each in chain.values() for at in _turning_points(each, now))})
        events = forecasts([*chain.values()], runs, now, runs[-1])[-1].events
        if events:
            found[session.urn] = events[0]
    return found


def _turning_points(session: ExportedSession, now: datetime) -> Iterator[datetime]:
    """Yield the times from now on at which what a run does can change: until then, every run does what one does now."""
    expiry = Expiry.of(session.outputs)
    ahead = session.declared.get(Key.RENEW_BEFORE_MINUTES)
    ends = {end for end in (expiry.asked, expiry.known, expiry.granted) if end is not None}
    for end in ends:
        # An API grants fractions of a second more than what was asked for; no run is so quick that it is between them.
        follows = any(end < other <= end + _FRACTION for other in ends)
        if not follows and now < end < now + _FAR:
            yield end
            if is_whole(ahead):
                yield max(end - timedelta(minutes=ahead), now)
