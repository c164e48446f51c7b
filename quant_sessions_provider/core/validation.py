"""Checks what people declare: every failure of a session at once, one line each.

No text that somebody declared is repeated: the host cannot tell what is secret. Numbers, and what should have been one
of a fixed set of words, are. What a preview does not know yet is let pass, and checked by the run that knows it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from unicodedata import category

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.model import (
    INPUTS,
    MAX_LIFETIME,
    MIN_LIFETIME,
    ON_EXPIRED,
    ROLES,
    STATUSES,
    UNKNOWN,
    Properties,
    is_whole,
)

Failures = Iterator[str]
_LONGEST_SHOWN: Final = 10**15


def failures(old: Properties, new: Properties, now: datetime) -> list[str]:
    """List what is wrong with the declared inputs; ``old`` are the last run's, empty on creation."""
    found = [line for key, check in _CHECKS.items() if key in new for line in check(key, new[key])]
    found += [] if "userId" in new else ["userId: is required"]
    found += ["an unknown property is declared"] if set(new) - set(INPUTS) else []
    return found + list(_moment(old, new, now)) + list(_renewal(new))


def _words(*allowed: str) -> Callable[[str, object], Failures]:
    def check(key: str, value: object) -> Failures:
        if value is not UNKNOWN and value not in allowed:
            yield f"{key}: must be one of {', '.join(allowed)}"

    return check


def _text(key: str, value: object) -> Failures:
    if value is not UNKNOWN and not (isinstance(value, str) and value.strip()):
        yield f"{key}: must be a text that is not empty"


def _organization(key: str, value: object) -> Failures:
    """Refuse what no path can hold here, and not only when the session is to be created."""
    yield from _text(key, value)
    if isinstance(value, str) and value.strip() and not value.strip("."):
        yield f"{key}: must not be made of dots"
    if isinstance(value, str) and any(category(letter) == "Cs" for letter in value):
        yield f"{key}: must be valid Unicode"


def _shown(value: object) -> str:
    """Repeat a number that can be read, and nothing else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ""
    return "" if abs(value) > _LONGEST_SHOWN else f", not {value}"


def _lifetime(key: str, value: Any) -> Failures:  # noqa: ANN401 - whatever was declared
    if value is UNKNOWN or (is_whole(value) and MIN_LIFETIME <= value <= MAX_LIFETIME):
        return
    yield f"{key}: must be a whole number of minutes from {MIN_LIFETIME} to {MAX_LIFETIME}{_shown(value)}"


def _messages(key: str, value: object) -> Failures:
    if value is UNKNOWN:
        return
    if not isinstance(value, list):
        yield f"{key}: must be a list of messages"
        return
    for index, message in enumerate(value):
        yield from _message(f"{key}[{index}]", message)


def _message(at: str, message: object) -> Failures:
    if message is UNKNOWN:
        return
    if not isinstance(message, Mapping):
        yield f"{at}: must be an object with role and content"
        return
    yield from _words(*ROLES)(f"{at}.role", message.get("role"))
    content = message.get("content")
    if content is not UNKNOWN and not (isinstance(content, str) and content):
        yield f"{at}.content: must be a text that is not empty"
    if set(message) - {"role", "content"}:
        yield f"{at}: must have no keys other than role and content"


def _metadata(key: str, value: object) -> Failures:
    if value is not UNKNOWN and not isinstance(value, Mapping):
        yield f"{key}: must be an object"
    elif not _is_json(value):
        yield f"{key}: holds a value that JSON cannot carry"


def _is_json(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(_is_json(inner) for inner in value.values())
    if isinstance(value, list):
        return all(_is_json(inner) for inner in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or value is UNKNOWN or isinstance(value, (str, int))


def _expiry(key: str, value: object) -> Failures:
    if value is not UNKNOWN and timestamps.parse_or_none(value) is None:
        yield f"{key}: must be an RFC 3339 timestamp with an offset, such as 2026-11-24T17:00:00+01:00"


_CHECKS: Final[dict[str, Callable[[str, Any], Failures]]] = {
    "userId": _text,
    "sessionGroup": _text,
    "organization": _organization,
    "expirationMinutes": _lifetime,
    "expiresAt": _expiry,
    "onExpired": _words(*ON_EXPIRED),
    "messages": _messages,
    "metadata": _metadata,
    "status": _words(*STATUSES),
}


def _moment(old: Properties, new: Properties, now: datetime) -> Failures:
    """Bound a moment set by hand whenever it moves: one request reaches at most a day ahead."""
    until, before = timestamps.parse_or_none(new.get("expiresAt")), timestamps.parse_or_none(old.get("expiresAt"))
    if until is None or until == before:
        return
    if not old and until < now + timedelta(minutes=MIN_LIFETIME):
        yield f"expiresAt: must lie at least {MIN_LIFETIME} minutes ahead"
    if until > now + timedelta(minutes=MAX_LIFETIME):
        yield f"expiresAt: must lie at most {MAX_LIFETIME} minutes ahead"


def _renewal(new: Properties) -> Failures:
    ahead, lifetime = new.get("renewBeforeMinutes", UNKNOWN), new.get("expirationMinutes", UNKNOWN)
    bounded = not list(_lifetime("", lifetime)) and lifetime is not UNKNOWN
    longest = (lifetime if bounded else MAX_LIFETIME) - 1
    if ahead is not UNKNOWN and not (is_whole(ahead) and 1 <= ahead <= longest):
        why = " (the lifetime less 1)" if bounded else ""
        yield f"renewBeforeMinutes: must be a whole number of minutes from 1 to {longest}{why}{_shown(ahead)}"
