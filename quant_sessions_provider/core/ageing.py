"""Advance time for a session in state, by moving its timestamps into the past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.model import Key

if TYPE_CHECKING:
    from datetime import timedelta

    from quant_sessions_provider.core.model import Properties

TIMESTAMPS: Final = (Key.EXPIRES_AT, Key.GRANTED_EXPIRES_AT, Key.CREATED_AT, Key.UPDATED_AT)
"""All properties that hold one."""


def aged(properties: Properties, by: timedelta) -> Properties:
    """Return inputs or outputs as if this much time had passed. A value that is no timestamp stays."""
    times = {key: timestamps.parse_or_none(properties.get(key)) for key in TIMESTAMPS}
    moved = {key: (time - by).isoformat().replace("+00:00", "Z") for key, time in times.items() if time}
    return properties | moved
