"""Which runs may fail, with which one-line error, and what the user does then."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.core import timestamps

if TYPE_CHECKING:
    from tests.stateful.world import World
    from tests.support.mini_host import State

Declared = dict[str, Any]

REPLACE_HINT: Final = "`pulumi up --replace` with its URN starts a new one from the declared messages"
BEYOND_A_DAY: Final = "a session may last 1440 minutes in all"
STAYS_COMPLETED: Final = "a completed session cannot be set active"
FAULT: Final = "A fault of the emulator"
GONE: Final = "`pulumi refresh` drops it if it is gone"


def plan_may_fail(text: str, world: World, declared: Declared) -> bool:
    """Return whether a plan may fail with this error."""
    if "renewBeforeMinutes" in text:
        return True
    if "expiresAt" in text:
        return "expiresAt" in declared
    return world.past() and "onExpired is error" in text


def run_may_fail(text: str, world: World, declared: Declared, *, live: bool) -> bool:
    """Return whether a run may fail with this error: the API refused, and the error says what to do."""
    if "\n" in text:
        return False
    if FAULT in text:
        return True
    if BEYOND_A_DAY in text:
        return live and world.has(cap="refuse") and text.endswith(REPLACE_HINT)
    if STAYS_COMPLETED in text:
        return (
            live and world.has(reopen=False) and text.endswith(REPLACE_HINT) and world.outputs["status"] == "completed"
        )
    if live:
        # A live session cannot be replaced either unless an explicit expiresAt is far enough in the future.
        return "expiresAt" in text and "expiresAt" in declared
    return GONE in text or plan_may_fail(text, world, declared)


def revert(text: str, declared: Declared, state: State) -> None:
    """Declare the old values again that the API refused to change."""
    if STAYS_COMPLETED in text:
        declared["status"] = "completed"
        return
    for key in ("expirationMinutes", "expiresAt", "renewBeforeMinutes"):
        declared.pop(key, None)
    # Where the rest of the update took effect, outputs hold what was applied.
    kept = "expirationMinutes" if "expirationMinutes" in state.outputs else "expiresAt"
    declared[kept] = state.outputs[kept]


def set_later(declared: Declared) -> None:
    """Set an explicit expiresAt to a later time: it may have passed, and a new session needs one in the future."""
    if "expiresAt" in declared:
        declared["expiresAt"] = timestamps.render(datetime.now(timezone.utc) + timedelta(minutes=60))
