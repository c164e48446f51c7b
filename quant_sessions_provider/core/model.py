"""The vocabulary: names, limits and defaults of a session, and the one mapping between their spellings.

Limits and defaults are those of the published API description (``tests/openapi.yaml``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, TypeVar

Properties = dict[str, Any]
"""Inputs or outputs of one session, by state key."""

MIN_LIFETIME: Final = 5
MAX_LIFETIME: Final = 1440
MAX_EXTENSION: Final = 1440
DEFAULT_LIFETIME: Final = 60
PAGE_SIZE: Final = 100

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


@dataclass(frozen=True)
class CreatedSession:
    """The answer to a POST."""

    session_id: str | None
    status: str | None
    expires_at: str | None
    created_at: str | None


@dataclass(frozen=True)
class StoredSession:
    """The answer to a GET. It tells no expiry, status, user, group or metadata."""

    id: str | None
    title: str | None
    model: str | None
    messages: list[Any] | None
    created_at: str | None


@dataclass(frozen=True)
class SessionSummary:
    """One entry of a list."""

    id: str | None
    title: str | None
    model: str | None
    created_at: str | None
    updated_at: str | None


@dataclass(frozen=True)
class UpdatedSession:
    """The answer to an update."""

    session_id: str | None
    status: str | None
    total_messages: int | None
    total_tokens: int | None
    updated_at: str | None


@dataclass(frozen=True)
class ExtendedSession:
    """The answer to an extension."""

    session_id: str | None
    expires_at: str | None
    message: str | None


@dataclass(frozen=True)
class DeletedSession:
    """The answer to a DELETE."""

    message: str | None


Answer = TypeVar(
    "Answer", CreatedSession, StoredSession, SessionSummary, UpdatedSession, ExtendedSession, DeletedSession
)


def is_whole(value: object) -> bool:
    """Tell a whole number; for Python, ``True`` is one."""
    return isinstance(value, int) and not isinstance(value, bool)


_CHECKS: Final[dict[str, tuple[str, Callable[[object], bool]]]] = {
    "str": ("a string", lambda value: isinstance(value, str)),
    "int": ("a whole number", is_whole),
    "list[Any]": ("a list", lambda value: isinstance(value, list)),
}


def parse_answer(kind: type[Answer], body: object) -> Answer:
    """Read an answer of the API, in either spelling; unknown fields are ignored, missing ones are None.

    Raises:
        ValueError: not an object, or a field of another type than the API description gives it.

    """
    if not isinstance(body, Mapping):
        raise ValueError("not an object")  # noqa: TRY004 - one kind of error for a useless answer
    values: dict[str, Any] = {}
    for field in fields(kind):
        value = body.get(field.name, body.get(camel(field.name)))
        expected, fits = _CHECKS[str(field.type).removesuffix(" | None")]
        if value is not None and not fits(value):
            raise ValueError(f"its field {field.name} is not {expected}")
        values[field.name] = value
    return kind(**values)
