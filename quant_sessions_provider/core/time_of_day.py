"""The next moment at which clocks in a time zone show a time of day. The caller knows the zone, and now in UTC."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core.errors import RefusedError
from quant_sessions_provider.core.model import MAX_LIFETIME

if TYPE_CHECKING:
    from datetime import tzinfo

_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_LONGEST: Final = timedelta(minutes=MAX_LIFETIME)


def parse(text: object) -> time:
    """Return the time of day of a text such as ``18:00``.

    Raises:
        RefusedError: it is not one of a 24-hour clock.

    """
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise RefusedError('at must be a string with a time of day on a 24-hour clock, such as "18:00"')
    return time(int(found[1]), int(found[2]))


def next_expiry(clock: time, zone: tzinfo, now: datetime) -> str:
    """Return the first moment after ``now`` at which clocks show the time, in RFC 3339 with the offset of then.

    Raises:
        RefusedError: it is further from now than a session can live, since clocks go back before it.

    """
    today = now.astimezone(zone).date()
    days = (today + timedelta(days) for days in (-1, 0, 1))
    found = min(moment for day in days for moment in _moments(day, clock, zone) if moment > now)
    if found - now > _LONGEST:
        raise RefusedError(
            f"the next {clock:%H:%M} is more than {MAX_LIFETIME // 60} hours away, since clocks go back before it, and"
            f" no session lives longer: run again from {(found - _LONGEST).astimezone(zone):%H:%M} on, or declare"
            " expiration_minutes"
        )
    return found.astimezone(zone).isoformat()


def _moments(day: date, clock: time, zone: tzinfo) -> list[datetime]:
    """Return the moments in UTC at which clocks show a time on a day: two where it is repeated.

    A time that clocks skip counts on from the offset before (RFC 5545, section 3.3.5): 02:30 becomes 03:30.
    """
    first, second = (datetime.combine(day, clock.replace(fold=fold), zone).astimezone(timezone.utc) for fold in (0, 1))
    return [first, second] if second > first else [first]
