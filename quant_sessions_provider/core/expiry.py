"""When a session expires, and when a run extends, renews or recreates it. ``now`` is the caller's.

The rules are numbered as in ``docs/expiry.md``.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.changes import Change
from quant_sessions_provider.core.model import (
    MAX_EXTENSION,
    MAX_LIFETIME,
    MIN_LIFETIME,
    UNKNOWN,
    Key,
    Properties,
    Unknown,
    is_by_hand,
)
from quant_sessions_provider.core.state import GRANT_TOLERANCE, StoredState

if TYPE_CHECKING:
    from quant_sessions_provider.core.state import Expiry


def _minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def whole_minutes(span: timedelta) -> int:
    """Return the minutes that cover a span, rounded up."""
    return math.ceil(span / _minutes(1))


# --- check: the planned expiry (rule 1) ---------------------------------------------------------------


def plan_expiry(old: Properties, new: Properties, now: datetime) -> str | Unknown:
    """Return the input ``expiresAt`` where the program does not declare it.

    ``old`` are the inputs of the last run, empty on creation and replacement; ``new`` are valid inputs with defaults.
    """
    # A replacement is checked again without old inputs: the plan must show what that will decide.
    change = Change(StoredState("", old), new)
    asked, expiry = old.get(Key.EXPIRES_AT), change.state.expiry.asked
    if expiry is None or not isinstance(asked, str) or change.replaces:
        return _from_now(new, now)
    if change.completes:
        return asked
    if not isinstance(new[Key.EXPIRATION_MINUTES], int):
        return UNKNOWN
    if expiry <= now:
        return _from_now(new, now) if change.raised_by > 0 or new[Key.ON_EXPIRED] != "ignore" else asked
    return _raised_or_renewed(asked, expiry, change, now)


def _from_now(new: Properties, now: datetime) -> str | Unknown:
    lifetime = new[Key.EXPIRATION_MINUTES]
    return timestamps.render(now + _minutes(lifetime)) if isinstance(lifetime, int) else UNKNOWN


def _raised_or_renewed(asked: str, expiry: datetime, change: Change, now: datetime) -> str | Unknown:
    """Return a living session's expiry: raised as its lifetime was, then renewed if that is due even so."""
    new, planned = change.new, later(expiry, change.raised_by)
    ahead = new.get(Key.RENEW_BEFORE_MINUTES)
    if isinstance(ahead, Unknown):
        return UNKNOWN
    if ahead is not None and planned - _minutes(ahead) <= now:
        planned = expiry + _minutes(whole_minutes(now + _minutes(new[Key.EXPIRATION_MINUTES]) - expiry))
    return asked if planned == expiry else timestamps.render(planned)


def later(start: datetime, minutes: int) -> datetime:
    """Return a time so many minutes later, none for a negative number; the start where that has no datetime."""
    try:
        return start.astimezone(timezone.utc) + _minutes(max(minutes, 0))
    except OverflowError:  # datetime ends with the year 9999, which an API may use for "never"
        return start


# --- diff and update: what is due (rules 2 to 4) --------------------------------------------------------


def short_grant_due(change: Change, now: datetime) -> bool:
    """Return whether only a short grant makes a session due or expired (rule 3): check sees no grants."""
    expiry, new = change.state.expiry, change.new
    known, asked = expiry.known, expiry.asked
    if known is None or asked is None or not expiry.granted_less or change.completes or change.ignores_expiry:
        return False
    if is_by_hand(new) or asked <= now:
        return False
    if known <= now:
        return bool(new.get(Key.ON_EXPIRED) != "ignore")
    ahead = new.get(Key.RENEW_BEFORE_MINUTES)
    return isinstance(ahead, int) and known <= later(now, ahead)


def extension(change: Change, now: datetime) -> int:
    """Return the minutes to extend by, 0 for none (rule 4): a difference, so a constant clock skew cancels out."""
    # While it was completed its expiry may have moved, and nothing extended it.
    reopened = change.state.is_completed and not change.ignores_expiry
    # An expiry that moved is not ignored: the engine would have kept it.
    moved = reopened or Key.EXPIRES_AT in change.moved
    planned, known = change.planned_expiry, change.state.expiry.known
    if planned is None or change.completes or not (moved or short_grant_due(change, now)):
        return 0
    reached = now if known is None else max(known, now)
    return min(max(whole_minutes(planned - reached), 0), MAX_EXTENSION)


def with_unsent_expiry(outputs: Properties, change: Change) -> Properties:
    """Return the outputs with ``unsentExpirySeconds``, left out where it is 0."""
    expiry, planned = change.state.expiry, change.planned_expiry
    outputs = {key: value for key, value in outputs.items() if key != Key.UNSENT_EXPIRY_SECONDS}
    if planned is None or expiry.requested is None:
        return outputs
    seconds = int((planned - expiry.requested).total_seconds())
    return outputs | {Key.UNSENT_EXPIRY_SECONDS: seconds} if seconds else outputs


def rest_of_extension(before: Expiry, minutes: int, granted: datetime | None, now: datetime) -> int:
    """Return the minutes of a second extension, 0 for none: an API may count the first from now, or even shorten by it.

    ``before`` holds the plan and the earlier grant; ``granted`` is the API's answer to the first one of ``minutes``.
    That answer less the minutes is where it counted from: the earlier grant, or its own now, within tolerance of ours.
    They are rounded down: a minute too much could be refused where a session may last no more than a day in all.
    """
    if granted is None or before.granted is None or before.asked is None:
        return 0
    start = granted - _minutes(minutes)
    if before.granted - start <= _minutes(1) or abs(start - now) > GRANT_TOLERANCE:
        return 0
    whole = min((before.asked - now) // _minutes(1), MAX_EXTENSION)
    return whole if whole > minutes else 0


def lost_by_extension(before: Expiry, minutes: int, granted: datetime | None) -> int:
    """Return the minutes from the API's now until the earlier grant, 0 unless the extension ends before that."""
    if granted is None or before.granted is None:
        return 0
    left = (before.granted - granted) // _minutes(1) + minutes
    return left if left > minutes else 0


def needs_request(change: Change, now: datetime) -> bool:
    """Return whether an update in place would send anything."""
    if extension(change, now) > 0 or {Key.METADATA, Key.STATUS} & set(change.moved):
        return True
    return Key.MESSAGES in change.moved and bool(change.appended)


def must_ask(change: Change, now: datetime) -> bool:
    """Return whether an update depends, or may depend, on a session that should be gone by now (rule 2)."""
    return change.state.expiry.passed(now) and (change.leaves_expiry_open or needs_request(change, now))


def first_lifetime(new: Properties, now: datetime) -> int:
    """Return the minutes to ask for on creation: as declared, or until the declared timestamp."""
    if Key.EXPIRATION_MINUTES in new:
        return int(new[Key.EXPIRATION_MINUTES])
    span = whole_minutes(timestamps.parse(new[Key.EXPIRES_AT]) - now)
    return min(max(span, MIN_LIFETIME), MAX_LIFETIME)
