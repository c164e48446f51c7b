"""Parse durations such as ``50m``, ``12h``, ``1d`` or ``1h30m``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

RULE: Final = "must be whole minutes, hours or days, such as 30m, 12h, 1d or 1h30m"
"""What :func:`parse` accepts, for errors."""

_COUNT: Final = r"([1-9]\d{0,5})"
_DURATION: Final = re.compile(rf"(?=\d)(?:{_COUNT}d)?(?:{_COUNT}h)?(?:{_COUNT}m)?", re.ASCII)


def parse(text: str) -> timedelta:
    """Return a duration of at least one minute.

    Raises:
        ValueError: not days, hours and minutes in this order, each at most once.

    """
    found = _DURATION.fullmatch(text.strip())
    if not found:
        raise ValueError(RULE)
    days, hours, minutes = (int(count or 0) for count in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)
