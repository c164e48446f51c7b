"""The vocabulary: names, limits and defaults of a session, and the one mapping between their spellings.

Limits and defaults are those of the published API description (``tests/openapi.yaml``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, TypeGuard

Properties = dict[str, Any]
"""Inputs or outputs of one session, by state key."""

MIN_LIFETIME: Final = 5
MAX_LIFETIME: Final = 1440
MAX_EXTENSION: Final = 1440
DEFAULT_LIFETIME: Final = 60

ROLES: Final = ("system", "user", "assistant")
APPENDABLE_ROLES: Final = ("user", "assistant")
STATUSES: Final = ("active", "completed")
ON_EXPIRED: Final = ("recreate", "ignore", "error")

REPLACING: Final = ("userId", "sessionGroup", "organization")
INPUTS: Final = (
    *REPLACING,
    "expirationMinutes",
    "expiresAt",
    "renewBeforeMinutes",
    "onExpired",
    "messages",
    "metadata",
    "status",
)
COMPUTED: Final = (
    "grantedExpiresAt",
    "createdAt",
    "baseUrl",
    "expired",
    "title",
    "model",
    "totalMessages",
    "totalTokens",
    "updatedAt",
)


class Unknown:
    """A value that a preview cannot know yet; there is one, :data:`UNKNOWN`."""

    def __repr__(self) -> str:
        """Stand where the value would."""
        return "<unknown>"


UNKNOWN: Final = Unknown()


def contains_unknown(value: object) -> bool:
    """Tell whether a value, or anything inside it, is not known yet."""
    if isinstance(value, Mapping):
        return any(contains_unknown(inner) for inner in value.values())
    if isinstance(value, list):
        return any(contains_unknown(inner) for inner in value)
    return value is UNKNOWN


def same(one: object, other: object) -> bool:
    """Compare as JSON does, where ``true`` is not ``1`` (for Python it is); what JSON cannot carry is like nothing."""
    try:
        return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    except (TypeError, ValueError):
        return False


def camel(name: str) -> str:
    """Spell a snake_case name as state keys, POST and PUT bodies do."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def by_state_key(arguments: Mapping[str, Any]) -> Properties:
    """Rename the constructor's arguments to state keys; what is not given (None) is left out."""
    return {camel(name): value for name, value in arguments.items() if value is not None}


def is_whole(value: object) -> TypeGuard[int]:
    """Return whether a value is an int and not a bool."""
    return isinstance(value, int) and not isinstance(value, bool)
