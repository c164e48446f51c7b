"""An expiry by the clock on the wall."""

from __future__ import annotations

from datetime import datetime, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import pulumi

from quant_sessions_provider.core import time_of_day
from quant_sessions_provider.core.errors import RefusedError


def until(at: str, *, tz: str) -> str:
    """Return the next time that clocks in a zone show ``at``, for ``expires_at``.

    It moves to the next day when that time has come. A time that clocks skip is as much later as they skip; of one that
    they repeat, the second is the next after the first. Call it once for sessions that are to expire together.

    Args:
        at: The time of day on a 24-hour clock, such as "18:00".
        tz: The time zone's IANA name, such as "Europe/Berlin".

    Returns:
        An RFC 3339 timestamp with the zone's offset.

    Raises:
        pulumi.RunError: An argument is malformed, the machine has no time zones (the package ``tzdata`` has them), or
            clocks go back before then and it is more than 24 hours away, longer than any session lives.

    """
    try:
        return time_of_day.next_expiry(time_of_day.parse(at), _zone(tz), datetime.now(timezone.utc))
    except RefusedError as error:
        raise pulumi.RunError(f"until: {error}") from error


def _zone(name: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    # Folders, files of other kinds and names that no file can have.
    except (OSError, ValueError, ZoneInfoNotFoundError):
        if not available_timezones():
            raise RefusedError("this machine has no time zones: install the package tzdata") from None
        raise RefusedError("tz must be the IANA name of a time zone, such as Europe/Berlin") from None
