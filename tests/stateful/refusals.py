"""The runs that may fail: each by one honest line, and what a person does who follows it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.core import timestamps

if TYPE_CHECKING:
    from tests.stateful.world import World
    from tests.support.mini_engine import State

Declared = dict[str, Any]

ANEW: Final = "`pulumi up --replace` with its URN starts a new one from the declared messages"
BEYOND_A_DAY: Final = "a session may last 1440 minutes in all"
STAYS_COMPLETED: Final = "a completed session cannot be set active"
GONE: Final = "`pulumi refresh` drops it if it is gone"


def of_a_plan(text: str, world: World, declared: Declared) -> bool:
    """Tell whether a plan may be refused so."""
    if "renewBeforeMinutes" in text:
        return True
    if "expiresAt" in text:
        return "expiresAt" in declared
    return world.past() and "onExpired is error" in text


def of_a_run(text: str, world: World, declared: Declared, *, live: bool) -> bool:
    """Tell whether a run may fail so: the API refused, and the line says what leads on."""
    if "\n" in text:
        return False
    if BEYOND_A_DAY in text:
        return live and world.has(cap="refuse") and text.endswith(ANEW)
    if STAYS_COMPLETED in text:
        return live and world.has(reopen=False) and text.endswith(ANEW) and world.outputs["status"] == "completed"
    if live:
        # A replacement of a living session, too, must wait until a moment set by hand lies far enough ahead.
        return "expiresAt" in text and "expiresAt" in declared
    return GONE in text or of_a_plan(text, world, declared)


def take_back(text: str, declared: Declared, state: State) -> None:
    """Declare again what the API has, where it refused to change it."""
    if STAYS_COMPLETED in text:
        declared["status"] = "completed"
        return
    for key in ("expirationMinutes", "expiresAt", "renewBeforeMinutes"):
        declared.pop(key, None)
    kept = "expirationMinutes" if "expirationMinutes" in state.inputs else "expiresAt"
    declared[kept] = state.inputs[kept]


def set_later(declared: Declared) -> None:
    """Move a moment that was set by hand: it may have passed, and a new session needs one that lies ahead."""
    if "expiresAt" in declared:
        declared["expiresAt"] = timestamps.render(datetime.now(timezone.utc) + timedelta(minutes=60))
