"""Parse RFC 3339 timestamps in any form, and format them in one form (UTC, ``Z``, whole seconds)."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Final

RULE: Final = "must be an RFC 3339 timestamp with an offset, such as 2026-11-24T17:00:00+01:00"
"""What :func:`parse` accepts, for errors."""

# In Python 3.10, `datetime.fromisoformat` supports neither `Z` nor fractions that do not have 3 or 6 digits.
_RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:([Zz])|([+-]\d\d:\d\d))", re.ASCII)


def parse(text: str) -> datetime:
    """Parse a timestamp with an offset.

    Raises:
        ValueError: not a date and time with ``Z`` or an offset (RFC 3339, section 5.6). A space instead of ``T`` is
            accepted, because the API's own examples have it.

    """
    found = _RFC_3339.fullmatch(text)
    if not found:
        raise ValueError("not an RFC 3339 timestamp with Z or an offset")
    day, time, fraction, zulu, offset = found.groups()
    micros = (fraction or "0")[:6].ljust(6, "0")
    timestamp = datetime.fromisoformat(f"{day}T{time}.{micros}{'+00:00' if zulu else offset}")
    try:
        timestamp.astimezone(timezone.utc)
    except OverflowError:
        raise ValueError("not between the years 1 and 9999 in UTC") from None
    return timestamp


def parse_or_none(value: object) -> datetime | None:
    """Return the parsed timestamp, or None if the value is not a timestamp."""
    try:
        return parse(value) if isinstance(value, str) else None
    except ValueError:
        return None


def to_minute(timestamp: datetime) -> str:
    """Format a timestamp for people, in UTC to the minute."""
    return timestamp.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%MZ")


def render(timestamp: datetime) -> str:
    """Format a timestamp in UTC with ``Z``, truncated to whole seconds."""
    return timestamp.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
