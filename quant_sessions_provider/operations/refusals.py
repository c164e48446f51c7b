"""Errors that stop an operation halfway, and what leads on from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.describe import session
from quant_sessions_provider.core.errors import (
    HalfDoneError,
    InvalidRequestError,
    NotFoundError,
    QuantSessionsError,
    RefusedError,
)
from quant_sessions_provider.core.model import Key, is_by_hand

if TYPE_CHECKING:
    from quant_sessions_provider.core.model import Properties
    from quant_sessions_provider.core.state import StoredState

REPLACE: Final = "`pulumi up --replace` with its URN starts a new one from the declared messages"

UNRECORDED: Final = "state does not know of it yet: run `pulumi up` again before you change the program back"


def way_out(error: QuantSessionsError) -> str:
    """Return the command that leads on from what the API refused; what failed for another reason is to be retried."""
    if isinstance(error, NotFoundError):
        return f"; `pulumi refresh` drops it if it is gone, {REPLACE}"
    return f"; {REPLACE}" if isinstance(error, InvalidRequestError) else ""


def half_updated(error: QuantSessionsError, state: StoredState, result: Properties) -> HalfDoneError:
    """Return an error that records all but the extension, which is planned again from what state holds."""
    expiry = (Key.EXPIRATION_MINUTES, Key.EXPIRES_AT, Key.UNSENT_EXPIRY_SECONDS)
    applied = {key: value for key, value in result.items() if key not in expiry}
    applied |= {key: state.outputs[key] for key in expiry if key in state.outputs}
    by_difference = is_by_hand(result) or state.expiry.granted_less
    if state.is_completed and state.expiry.known and by_difference:
        # Nothing extended it while it moved, or less was granted: only a recorded difference is planned again.
        applied[Key.EXPIRES_AT] = timestamps.render(state.expiry.known)
        applied.pop(Key.UNSENT_EXPIRY_SECONDS, None)
    done, next_step = f"{error}; the rest of this update took effect", way_out(error)
    return HalfDoneError(f"{done}{next_step}", state.id, applied, unrecorded=f"{done}, but {UNRECORDED}{next_step}")


def expired_error(state: StoredState) -> RefusedError:
    """Return the error that stops a run where ``onExpired`` is ``error``."""
    leave = "`onExpired: ignore` leaves it as it is"
    known = state.shown_expiry
    expired = f"expired{f' at {timestamps.render(known)}' if known else ''}"
    return RefusedError(f"{session(state.id)} {expired} and onExpired is error: {REPLACE}, {leave}")
