"""Decides what happens to a session: values in, a decision out. No clock, no network, no Pulumi.

``inputs`` and ``outputs`` are by state key; outputs hold every input as it was applied. ``now`` is the caller's.
The rules are numbered as in ``docs/expiry.md``.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, Final, TypeGuard

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.model import (
    APPENDABLE_ROLES,
    INPUTS,
    MAX_EXTENSION,
    MAX_LIFETIME,
    MIN_LIFETIME,
    REPLACING,
    UNKNOWN,
    Properties,
    Unknown,
    contains_unknown,
    same,
)

GRANT_TOLERANCE: Final = timedelta(minutes=15)
"""A grant further than this from what was asked is meant so by the API; less is clock skew."""


def _minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def whole_minutes(span: timedelta) -> int:
    """Minutes that cover a span, rounded up."""
    return math.ceil(span / _minutes(1))


# --- check: the planned expiry (rule 1) ---------------------------------------------------------------


def counts_from_lifetime(old: Properties, new: Properties) -> bool:
    """Tell a planned expiry, which ``ignore_changes`` carries over, from one that is set by hand."""
    if "expiresAt" not in new:
        return True
    return "expirationMinutes" in old and old.get("expiresAt") == new["expiresAt"]


def plan_expiry(old: Properties, new: Properties, now: datetime) -> str | Unknown:
    """Decide the input ``expiresAt`` where the program does not set it by hand.

    ``old`` are the inputs of the last run, empty on creation and replacement; ``new`` are valid inputs with defaults.
    """
    lifetime = new["expirationMinutes"]
    if not isinstance(lifetime, int):
        return UNKNOWN
    anew = timestamps.render(now + _minutes(lifetime))
    asked = old.get("expiresAt")
    expiry = timestamps.parse_or_none(asked)
    if expiry is None or not isinstance(asked, str):
        return anew
    if replacing_inputs(old, new, changed_inputs(old, new)):
        # A replacement is checked again without old inputs; the plan must show what that will decide.
        return anew
    if new["status"] == "completed":
        return asked
    grown = raised_by(old, new)
    if expiry <= now:
        return anew if grown > 0 or new["onExpired"] != "ignore" else asked
    return _prolonged(asked, expiry, new, now, grown)


def _prolonged(asked: str, expiry: datetime, new: Properties, now: datetime, grown: int) -> str | Unknown:
    """Raise a living session's expiry by what its lifetime grew, then renew it if that is due even so."""
    candidate = _later(expiry, grown)
    ahead = new.get("renewBeforeMinutes")
    if isinstance(ahead, Unknown):
        return UNKNOWN
    if ahead is not None and candidate - _minutes(ahead) <= now:
        candidate = expiry + _minutes(whole_minutes(now + _minutes(new["expirationMinutes"]) - expiry))
    return asked if candidate == expiry else timestamps.render(candidate)


def _later(moment: datetime, minutes: int) -> datetime:
    try:
        return moment + _minutes(max(minutes, 0))
    except OverflowError:  # there is nothing after the year 9999, with which an API may mean "never"
        return moment


def raised_by(old: Properties, new: Properties) -> int:
    """Minutes by which the lifetime grew (negative: was lowered); 0 when either is not known or not declared."""
    before, after = old.get("expirationMinutes"), new.get("expirationMinutes")
    if not isinstance(before, int) or not isinstance(after, int):
        return 0
    return after - before


# --- diff: what moved, what replaces --------------------------------------------------------------------


def changed_inputs(outputs: Properties, new: Properties) -> list[str]:
    """Name the inputs that moved, in the order of the property table."""
    return [key for key in INPUTS if _differs(key, outputs, new)]


def _differs(key: str, outputs: Properties, new: Properties) -> bool:
    if (key in outputs) != (key in new):
        return True
    if key not in new:
        return False
    if contains_unknown(new[key]):
        return True
    if key == "expiresAt":
        return timestamps.parse_or_none(outputs[key]) != timestamps.parse_or_none(new[key])
    return not same(outputs[key], new[key])


def replacing_inputs(outputs: Properties, new: Properties, changed: list[str]) -> list[str]:
    """Name the moved inputs that a session cannot take over in place."""
    fixed = [key for key in changed if key in REPLACING]
    rewritten = "messages" in changed and new_messages(outputs, new) is None
    return [*fixed, "messages"] if rewritten else fixed


def new_messages(outputs: Properties, new: Properties) -> list[Any] | None:
    """Messages to append, or None if the declared list cannot be reached by appending.

    A system message cannot be appended. What is not known yet may turn out as a change: a plan says the worst, so that
    no conversation is lost without its saying so.
    """
    before, after = outputs.get("messages", []), new.get("messages", [])
    if not isinstance(before, list) or not isinstance(after, list) or contains_unknown(after[: len(before)]):
        return None
    appended = after[len(before) :]
    kept = same(before, after[: len(before)])
    return appended if kept and all(_is_appendable(message) for message in appended) else None


def _is_appendable(message: object) -> bool:
    return isinstance(message, dict) and message.get("role") in APPENDABLE_ROLES


# --- the known expiry and what is due (rules 2 to 4) ----------------------------------------------------


def known_expiry(outputs: Properties) -> datetime | None:
    """Until when the session lives as far as we know: what was asked, or the grant where it is far from that."""
    asked = timestamps.parse_or_none(outputs.get("expiresAt"))
    granted = timestamps.parse_or_none(outputs.get("grantedExpiresAt"))
    if asked is None or granted is None:
        return asked or granted
    return granted if abs(granted - asked) > GRANT_TOLERANCE else asked


def lies_in_past(outputs: Properties, now: datetime) -> bool:
    """Tell whether the session's known expiry has passed."""
    expiry = known_expiry(outputs)
    return expiry is not None and expiry <= now


def short_grant_due(outputs: Properties, new: Properties, now: datetime) -> bool:
    """Tell whether a grant shorter than asked makes a session due or past that check took for fine (rule 3)."""
    known, asked = known_expiry(outputs), timestamps.parse_or_none(outputs.get("expiresAt"))
    if known is None or asked is None or not granted_less(outputs) or new.get("status") == "completed":
        return False
    if "expirationMinutes" not in new or asked <= now:
        return False
    if known <= now:
        return bool(new.get("onExpired") != "ignore")
    ahead = new.get("renewBeforeMinutes")
    return isinstance(ahead, int) and known <= _later(now, ahead)


def extension(outputs: Properties, new: Properties, now: datetime) -> int:
    """Minutes to extend by, 0 for none (rule 4): a difference, in which a constant clock skew cancels out."""
    # While it was completed its moment may have moved, and nothing extended it.
    reopened = outputs.get("status") == "completed"
    moved = reopened or _differs("expiresAt", outputs, new)
    planned, known = timestamps.parse_or_none(new.get("expiresAt")), known_expiry(outputs)
    if planned is None or new.get("status") == "completed" or not (moved or short_grant_due(outputs, new, now)):
        return 0
    reached = now if known is None else max(known, now)
    return min(max(whole_minutes(planned - reached), 0), MAX_EXTENSION)


def rest_of_extension(outputs: Properties, minutes: int, told: str | None, now: datetime) -> int:
    """Minutes for a second extension, 0 for none: an API that counts the first from now may even shorten by it.

    ``outputs`` hold the plan and the grant before; ``told`` is the API's answer to the first one of ``minutes``. That
    answer less the minutes is where it counted from: the earlier grant, or its own now, within tolerance of ours.
    They are rounded down: a minute too much could be refused where a session may last no more than a day in all.
    """
    granted, before = timestamps.parse_or_none(told), timestamps.parse_or_none(outputs.get("grantedExpiresAt"))
    planned = timestamps.parse_or_none(outputs.get("expiresAt"))
    if granted is None or before is None or planned is None:
        return 0
    start = granted - _minutes(minutes)
    if before - start <= _minutes(1) or abs(start - now) > GRANT_TOLERANCE:
        return 0
    whole = min((planned - now) // _minutes(1), MAX_EXTENSION)
    return whole if whole > minutes else 0


def lost_by_extension(outputs: Properties, minutes: int, told: str | None) -> int:
    """Minutes from the API's now until the earlier grant, 0 unless an extension counted from now ends before it."""
    granted, before = timestamps.parse_or_none(told), timestamps.parse_or_none(outputs.get("grantedExpiresAt"))
    if granted is None or before is None:
        return 0
    left = (before - granted) // _minutes(1) + minutes
    return left if left > minutes else 0


def granted_less(outputs: Properties) -> bool:
    """Tell whether the API granted less than was asked for, by more than clock skew."""
    known, asked = known_expiry(outputs), timestamps.parse_or_none(outputs.get("expiresAt"))
    return known is not None and asked is not None and known < asked


def needs_request(outputs: Properties, new: Properties, changed: list[str], now: datetime) -> bool:
    """Tell whether an update in place would send anything."""
    if extension(outputs, new, now) > 0 or {"metadata", "status"} & set(changed):
        return True
    return "messages" in changed and bool(new_messages(outputs, new))


def must_ask(outputs: Properties, new: Properties, changed: list[str], now: datetime) -> bool:
    """Tell whether an update depends on a session that should be gone by now (rule 2)."""
    return lies_in_past(outputs, now) and needs_request(outputs, new, changed, now)


def first_lifetime(new: Properties, now: datetime) -> int:
    """Minutes to ask for on creation: as declared, or until the moment that was set by hand."""
    if "expirationMinutes" in new:
        return int(new["expirationMinutes"])
    span = whole_minutes(timestamps.parse(new["expiresAt"]) - now)
    return min(max(span, MIN_LIFETIME), MAX_LIFETIME)


# --- messages ------------------------------------------------------------------------------------------------


def occur_in_order(declared: list[Any], live: list[Any]) -> bool:
    """Tell whether all declared messages occur among the live ones, in order; others may lie between.

    Only role and content are compared. A live message of unknown shape proves nothing, so nothing is missing then.
    """
    return any(not _is_message(message) for message in live) or _reached(declared, live) == len(declared)


def unsent(declared: list[Any], live: list[Any], known: int) -> list[Any]:
    """Messages to append: those after the ``known`` ones that an earlier run recorded, but for what is live already.

    A killed run, or one whose answer was lost, may have sent some of them; the program may have changed since.
    """
    for message in declared[:known]:
        live = _after(message, live)
    return declared[known + _reached(declared[known:], live) :]


def _after(message: Properties, live: list[Any]) -> list[Any]:
    """Give what follows a message, or all if it is missing: an API may not show the system's, or drop old ones."""
    places = (place for place, other in enumerate(live) if _same_message(message, other))
    return live[next(places, -1) + 1 :]


def _reached(declared: list[Any], live: list[Any]) -> int:
    """Count the declared messages, from the first, that occur among the live ones in order."""
    rest = iter(live)
    found = (any(_same_message(wanted, message) for message in rest) for wanted in declared)
    return sum(takewhile(bool, found))


def _is_message(message: object) -> TypeGuard[Properties]:
    return isinstance(message, dict) and all(isinstance(message.get(k), str) for k in ("role", "content"))


def _same_message(one: Properties, other: object) -> bool:
    return _is_message(other) and all(one[key] == other[key] for key in ("role", "content"))


def with_drift(outputs: Properties, live: list[Any] | None) -> tuple[Properties, Properties | None]:
    """Take up live messages where declared ones are missing: outputs, and inputs if anything drifted.

    The first live ones are taken, as many as are declared.
    """
    declared = outputs.get("messages", [])
    known = isinstance(declared, list) and all(_is_message(message) for message in declared)
    if live is None or not known or occur_in_order(declared, live):
        return outputs, None
    kept = [{"role": message["role"], "content": message["content"]} for message in live[: len(declared)]]
    outputs = outputs | {"messages": kept}
    return outputs, {key: value for key, value in outputs.items() if key in INPUTS}
