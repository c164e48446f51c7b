"""Parse RFC 3339 timestamps in any form, and format them in one form (UTC, ``Z``, whole seconds)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Final

RULE: Final = "must be an RFC 3339 timestamp with an offset, such as 2026-11-24T17:00:00+01:00"
"""What :func:`parse` accepts, for errors."""
RESOLUTION: Final = timedelta(seconds=1)
"""Two declared timestamps that are less than this apart are the same one."""

# In Python 3.10, `datetime.fromisoformat` supports neither `Z` nor fractions that do not have 3 or 6 digits.
_RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:([Zz])|([+-]\d\d:\d\d))", re.ASCII)


def parse(text: str) -> datetime:
    """Parse a timestamp with an offset.

    Raises:
        ValueError: not a date and time with ``Z`` or an offset (RFC 3339, section 5.6). A space instead of ``T`` is
            accepted, because the API's own examples have it.

    A leap second, 23:59:60 in UTC, is midnight, as in POSIX time. It is accepted on every day: no list is kept.

    """
    found = _RFC_3339.fullmatch(text)
    if not found:
        raise ValueError("not an RFC 3339 timestamp with Z or an offset")
    day, time, fraction, zulu, offset = found.groups()
    micros = (fraction or "0")[:6].ljust(6, "0")
    is_leap = time.endswith(":60")
    seconds = f"{time[:-2]}59" if is_leap else time
    timestamp = datetime.fromisoformat(f"{day}T{seconds}.{micros}{'+00:00' if zulu else offset}")
    try:
        utc = timestamp.astimezone(timezone.utc)
        if is_leap and (utc.hour, utc.minute) != (23, 59):
            raise ValueError("no leap second is inserted then")
        return timestamp + timedelta(seconds=1) if is_leap else timestamp
    except OverflowError:
        raise ValueError("not between the years 1 and 9999 in UTC") from None


def parse_or_none(value: object) -> datetime | None:
    """Return the parsed timestamp, or None if the value is not a timestamp."""
    try:
        return parse(value) if isinstance(value, str) else None
    except ValueError:
        return None


def same(one: datetime | None, other: datetime | None) -> bool:
    """Return whether two timestamps are the same within :data:`RESOLUTION`."""
    return one == other if one is None or other is None else abs(one - other) < RESOLUTION


def respelled(value: object, before: object) -> object:
    """Return ``before`` where both are the same timestamp, else the value: a new spelling alone changes nothing."""
    declared = parse_or_none(value)
    return before if declared and same(declared, parse_or_none(before)) else value


def to_minute(timestamp: datetime) -> str:
    """Format a timestamp for people, in UTC to the minute."""
    return timestamp.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%MZ")


def render(timestamp: datetime) -> str:
    """Format a timestamp in UTC with ``Z``, truncated to whole seconds."""
    return timestamp.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
