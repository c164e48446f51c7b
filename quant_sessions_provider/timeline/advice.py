"""What would keep a session alive that dies, even if only until a run recreates it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from quant_sessions_provider.core.expiry import whole_minutes
from quant_sessions_provider.core.model import MAX_LIFETIME, Key, is_by_hand
from quant_sessions_provider.core.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from quant_sessions_provider.core.model import Properties
    from quant_sessions_provider.timeline.model import Forecast


def advice(forecast: Forecast, runs: Sequence[datetime]) -> str:
    """Return what would keep the session alive; empty if it never dies."""
    if not forecast.gaps and not forecast.count("recreated"):
        return ""
    forced = (event.why for event in forecast.events if event.kind == "recreated" and event.why)
    return next(forced, "") or _of_its_own(forecast, runs)


def _of_its_own(forecast: Forecast, runs: Sequence[datetime]) -> str:
    declared = forecast.session.declared
    if declared.get(Key.STATUS) == "completed":
        return "it is completed: nothing renews it"
    if is_by_hand(declared):
        return "expires_at is declared: nothing renews it until a later one is"
    if Key.EXPIRES_AT in declared:
        return 'ignore_changes=["expiresAt"] keeps its expiry: nothing renews it'
    if forecast.session.replaced_by_renewal and declared.get(Key.RENEW_BEFORE_MINUTES):
        return 'replace_on_changes=["expiresAt"] replaces the session instead of extending it'
    return _longer(declared, [later - earlier for earlier, later in pairwise(runs)])


def _longer(declared: Properties, pauses: list[timedelta]) -> str:
    if not pauses:
        return "fewer than two runs: look further ahead with --days, or run more often"
    # A run that starts a little late must still find it alive.
    ahead = whole_minutes(max(pauses)) + 1
    if (declared.get(Key.RENEW_BEFORE_MINUTES) or 0) >= ahead:
        return "dies before the first run that would renew it"
    dies = f"runs up to {_span_of(ahead - 1)} apart let it die"
    if ahead < declared[Key.EXPIRATION_MINUTES]:
        return f"{dies}: make renew_before_minutes at least {ahead}, or run more often"
    if ahead < MAX_LIFETIME:
        longer = f"make expiration_minutes at least {ahead + 1} and renew_before_minutes at least {ahead}"
        return f"{dies}: {longer}, or run more often"
    return f"{dies}, and no session lives longer than {_span_of(MAX_LIFETIME)}: run more often"


def _span_of(minutes: int) -> str:
    return counted(minutes, "minute") if minutes % 60 else counted(minutes // 60, "hour")
