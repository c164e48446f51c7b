"""Checks what people declare: all failures of a session at once, one line each.

No declared text is repeated, since the host cannot tell what is secret; numbers are. A value that a preview does not
know yet passes, and is checked by the run that knows it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeGuard
from unicodedata import category

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.model import (
    INPUTS,
    MAX_LIFETIME,
    MIN_LIFETIME,
    PROPERTIES,
    ROLES,
    ROUNDED,
    UNKNOWN,
    Key,
    Kind,
    Properties,
    Property,
    is_rounded,
    is_whole,
    same,
)
from quant_sessions_provider.core.text import counted

Failures = Iterator[str]
_LONGEST_SHOWN: Final = 10**15
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def failures(old: Properties, new: Properties, now: datetime) -> list[str]:
    """Return what is wrong with the declared inputs; ``old`` are the last run's, empty on creation."""
    declared = [PROPERTIES[key] for key in INPUTS if key in new and key != Key.RENEW_BEFORE_MINUTES]
    found = [line for row in declared for line in _CHECKS[row.kind](row, new[row.key])]
    found += _path_segment(new.get(Key.ORGANIZATION))
    found += [f"{key}: is required" for key in INPUTS if PROPERTIES[key].required and key not in new]
    found += [_unknown(key) for key in sorted(set(new) - set(INPUTS))]
    if not same(old.get(Key.METADATA), new.get(Key.METADATA)):
        found += _unrepresentable(new.get(Key.METADATA))
    found += _one_expiry(old, new)
    return [*found, *_limits_of_expiry(old, new, now), *_renewal(new)]


def _unknown(key: str) -> str:
    # A transform may add what it likes; only what looks like a name is repeated.
    return f"{key}: is not a property of a session" if _NAME.fullmatch(key) else "an unknown property is declared"


def _unrepresentable(metadata: object) -> Failures:
    """Refuse what Pulumi hides or rounds; metadata that is in state and did not change stays."""
    parts = list(_parts(metadata))
    if any(isinstance(part, dict) and any(key.startswith("__") for key in part) for part in parts):
        yield f"{Key.METADATA}: contains a key that begins with __, which Pulumi's preview of a creation hides"
    if any(isinstance(part, (int, float)) and is_rounded(part) for part in parts):
        yield f"{Key.METADATA}: contains {ROUNDED}"


def _parts(value: object) -> Iterator[object]:
    yield value
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for inner in inside:
        yield from _parts(inner)


def _word(row: Property, value: object) -> Failures:
    yield from _one_of(row.words, row.key, value)


def _one_of(words: tuple[str, ...], at: str, value: object) -> Failures:
    if value is not UNKNOWN and value not in words:
        yield f"{at}: must be one of {', '.join(words)}"


def _text(row: Property, value: object) -> Failures:
    if value is not UNKNOWN and not (isinstance(value, str) and value.strip()):
        yield f"{row.key}: must be a non-empty string"


def _path_segment(organization: object) -> Failures:
    """Refuse what cannot be part of a URL path now, rather than when the session is created."""
    if not isinstance(organization, str):
        return
    if organization.strip() and not organization.strip("."):
        yield f"{Key.ORGANIZATION}: must not consist only of dots"
    if any(category(letter) == "Cs" for letter in organization):
        yield f"{Key.ORGANIZATION}: must be valid Unicode"


def _shown(value: object) -> str:
    """Return ", not N" for a number of readable length, else nothing."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ""
    return "" if abs(value) > _LONGEST_SHOWN else f", not {value}"


def _minutes(row: Property, value: object, why: str = "") -> Failures:
    if value is not UNKNOWN and not _lies_within(value, row):
        yield f"{row.key}: must be a whole number of minutes from {row.minimum} to {row.maximum}{why}{_shown(value)}"


def _lies_within(value: object, row: Property) -> TypeGuard[int]:
    return is_whole(value) and row.minimum <= value <= row.maximum


def _messages(row: Property, value: object) -> Failures:
    if value is UNKNOWN:
        return
    if not isinstance(value, list):
        yield f"{row.key}: must be a list of messages"
        return
    for index, message in enumerate(value):
        yield from _message(f"{row.key}[{index}]", message)


def _message(at: str, message: object) -> Failures:
    if message is UNKNOWN:
        return
    if not isinstance(message, Mapping):
        yield f"{at}: must be an object with role and content"
        return
    yield from _one_of(ROLES, f"{at}.role", message.get("role"))
    content = message.get("content")
    if content is not UNKNOWN and not (isinstance(content, str) and content):
        yield f"{at}.content: must be a non-empty string"
    if set(message) - {"role", "content"}:
        yield f"{at}: must have no keys other than role and content"


def _object(row: Property, value: object) -> Failures:
    if value is not UNKNOWN and not isinstance(value, Mapping):
        yield f"{row.key}: must be an object"
    elif not _is_json(value):
        yield f"{row.key}: contains a value that JSON cannot represent"


def _is_json(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(_is_json(inner) for inner in value.values())
    if isinstance(value, list):
        return all(_is_json(inner) for inner in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or value is UNKNOWN or isinstance(value, (str, int))


def _timestamp(row: Property, value: object) -> Failures:
    if value is not UNKNOWN and timestamps.parse_or_none(value) is None:
        yield f"{row.key}: {timestamps.RULE}"


_CHECKS: Final[dict[Kind, Callable[[Property, Any], Failures]]] = {
    "text": _text,
    "word": _word,
    "minutes": _minutes,
    "timestamp": _timestamp,
    "messages": _messages,
    "object": _object,
}


def _one_expiry(old: Properties, new: Properties) -> Failures:
    """Refuse two ways to plan an expiry, unless ``ignore_changes`` carries one of them over from the last run."""
    if Key.EXPIRES_AT not in new:
        return
    other, kept = Key.EXPIRATION_MINUTES, Key.EXPIRES_AT
    if other not in new:
        other = kept = Key.RENEW_BEFORE_MINUTES
    if other in new and not same(old.get(kept), new[kept]):
        hint = f" (if ignoreChanges keeps {other}, remove it there)" if same(old.get(other), new[other]) else ""
        yield f"{Key.EXPIRES_AT}: excludes {other}; declare one of them{hint}"


def _limits_of_expiry(old: Properties, new: Properties, now: datetime) -> Failures:
    """Limit a declared expiry whenever it moves: one request reaches at most a day from now."""
    until, before = (timestamps.parse_or_none(side.get(Key.EXPIRES_AT)) for side in (new, old))
    if until is None or timestamps.same(until, before):
        return
    if not old and until < now + timedelta(minutes=MIN_LIFETIME):
        yield f"{Key.EXPIRES_AT}: must be at least {MIN_LIFETIME} minutes from now; {_too_soon(until - now)}"
    if until > now + timedelta(minutes=MAX_LIFETIME):
        yield f"{Key.EXPIRES_AT}: must be at most {MAX_LIFETIME} minutes from now"


def _too_soon(ahead: timedelta) -> str:
    whole = abs(ahead) // timedelta(minutes=1)
    minutes = counted(whole, "minute") if whole else "less than a minute"
    place = f"is {minutes} ahead" if ahead > timedelta() else f"passed {minutes} ago"
    return f"it {place}: declare a later one, or {Key.EXPIRATION_MINUTES} instead"


def _renewal(new: Properties) -> Failures:
    row = PROPERTIES[Key.RENEW_BEFORE_MINUTES]
    lifetime = new.get(Key.EXPIRATION_MINUTES)
    why = ""
    if _lies_within(lifetime, PROPERTIES[Key.EXPIRATION_MINUTES]):
        row, why = replace(row, maximum=lifetime - 1), " (the lifetime less 1)"
    yield from _minutes(row, new.get(Key.RENEW_BEFORE_MINUTES, UNKNOWN), why)
