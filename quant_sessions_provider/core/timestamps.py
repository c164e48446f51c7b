"""RFC 3339 timestamps: read whatever the API or a person writes, write one form (UTC, ``Z``, whole seconds)."""

from __future__ import annotations

import re
from datetime import datetime, timezone

# `datetime.fromisoformat` of Python 3.10 knows neither `Z` nor fractions of other than 3 or 6 digits.
_RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:([Zz])|([+-]\d\d:\d\d))", re.ASCII)


def parse(text: str) -> datetime:
    """Read a timestamp with an offset.

    Raises:
        ValueError: not a date and time with ``Z`` or an offset (RFC 3339, section 5.6; a space for ``T`` is
            accepted, as the API's own examples have it).

    """
    found = _RFC_3339.fullmatch(text)
    if not found:
        raise ValueError("not an RFC 3339 timestamp with Z or an offset")
    day, time, fraction, zulu, offset = found.groups()
    micros = (fraction or "0")[:6].ljust(6, "0")
    moment = datetime.fromisoformat(f"{day}T{time}.{micros}{'+00:00' if zulu else offset}")
    try:
        moment.astimezone(timezone.utc)
    except OverflowError:
        raise ValueError("not between the years 1 and 9999 in UTC") from None
    return moment


def parse_or_none(value: object) -> datetime | None:
    """Like :func:`parse`, and None for whatever is no timestamp."""
    try:
        return parse(value) if isinstance(value, str) else None
    except ValueError:
        return None


def to_minute(moment: datetime) -> str:
    """Return a timestamp for people, in UTC to the minute."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%MZ")


def render(moment: datetime) -> str:
    """Write a timestamp in UTC with ``Z``, cut to whole seconds."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
