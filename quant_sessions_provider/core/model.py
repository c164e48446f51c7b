"""The vocabulary: the table of a session's properties, its limits, and the one mapping between their spellings.

Limits and defaults are those of the published API description (``tests/openapi.yaml``).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeGuard

Properties = dict[str, Any]
"""Inputs or outputs of one session, by state key."""


class Key:
    """State keys. They lie in people's state, so none of them ever changes."""

    USER_ID: Final = "userId"
    SESSION_GROUP: Final = "sessionGroup"
    ORGANIZATION: Final = "organization"
    EXPIRATION_MINUTES: Final = "expirationMinutes"
    EXPIRES_AT: Final = "expiresAt"
    RENEW_BEFORE_MINUTES: Final = "renewBeforeMinutes"
    ON_EXPIRED: Final = "onExpired"
    MESSAGES: Final = "messages"
    METADATA: Final = "metadata"
    STATUS: Final = "status"
    GRANTED_EXPIRES_AT: Final = "grantedExpiresAt"
    UNSENT_EXPIRY_SECONDS: Final = "unsentExpirySeconds"
    CREATED_AT: Final = "createdAt"
    BASE_URL: Final = "baseUrl"
    EXPIRED: Final = "expired"
    TITLE: Final = "title"
    MODEL: Final = "model"
    TOTAL_MESSAGES: Final = "totalMessages"
    TOTAL_TOKENS: Final = "totalTokens"
    UPDATED_AT: Final = "updatedAt"


MIN_LIFETIME: Final = 5
MAX_LIFETIME: Final = 1440
MAX_EXTENSION: Final = 1440
DEFAULT_LIFETIME: Final = 60

EXACT: Final = 2**53
"""Pulumi's numbers are floats; below this each whole one is exact."""
ROUNDED: Final = "a whole number of 2^53 or more, which Pulumi rounds; use a string"
"""What errors call a number that is not below it."""

ROLES: Final = ("system", "user", "assistant")
APPENDABLE_ROLES: Final = ("user", "assistant")
STATUSES: Final = ("active", "completed")
ON_EXPIRED: Final = ("recreate", "ignore", "error")

Kind = Literal["text", "word", "minutes", "count", "flag", "timestamp", "messages", "object"]


@dataclass(frozen=True)
class Property:
    """One property of a session: what state, validation, editors and references say of it.

    Args:
        key: the name in state.
        kind: the type of the value; a ``word`` is one of ``words``, ``minutes`` are whole.
        output: the description of the output.
        input: the description of the input; empty for what only the provider sets.
        required: whether people must declare it.
        replaces: whether changing it replaces the session.
        default: the value that check fills in; None for none.
        minimum: the fewest minutes.
        maximum: the most minutes.
        words: the allowed words.

    """

    key: str
    kind: Kind
    output: str
    input: str = ""
    required: bool = False
    replaces: bool = False
    default: str | int | None = None
    minimum: int = 0
    maximum: int = 0
    words: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The Python name, of the argument and of the attribute."""
        return re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", self.key)


_REPLACES: Final = "Changing it replaces the session."

_TABLE: Final = (
    Property(
        Key.USER_ID,
        "text",
        "Whose session it is.",
        f"Whose session it is. {_REPLACES}",
        required=True,
        replaces=True,
    ),
    Property(
        Key.SESSION_GROUP,
        "text",
        "The group that it belongs to; None if none is declared.",
        f"The group that the session belongs to, such as an application, environment or tenant. {_REPLACES}",
        replaces=True,
    ),
    Property(
        Key.ORGANIZATION,
        "text",
        "The QuantCDN organization that it belongs to.",
        f"The QuantCDN organization that the session belongs to; by default the configured one. {_REPLACES}",
        replaces=True,
    ),
    Property(
        Key.EXPIRATION_MINUTES,
        "minutes",
        "The declared lifetime in minutes; None where `expires_at` is declared.",
        f"Lifetime from creation, in whole minutes from {MIN_LIFETIME} to {MAX_LIFETIME}, or as a timedelta"
        f" (default {DEFAULT_LIFETIME}). Raising it extends the session by the difference; lowering it sends"
        " nothing, since the API cannot shorten a session.",
        default=DEFAULT_LIFETIME,
        minimum=MIN_LIFETIME,
        maximum=MAX_LIFETIME,
    ),
    Property(
        Key.EXPIRES_AT,
        "timestamp",
        "The requested expiry (RFC 3339); `granted_expires_at` is the actual one.",
        "The expiry, instead of a lifetime: a datetime with a time zone, `until(...)` or an RFC 3339 timestamp with an"
        f" offset, at least {MIN_LIFETIME} minutes from now on creation and never more than {MAX_LIFETIME}. Excludes"
        " `expiration_minutes` and `renew_before_minutes`.",
    ),
    Property(
        Key.RENEW_BEFORE_MINUTES,
        "minutes",
        "With this many minutes left, or fewer, a run renews it.",
        "With this many minutes left, or fewer, a run extends the session to a whole lifetime: whole minutes from"
        " 1 to the lifetime less 1, or a timedelta. Nothing renews it between runs.",
        minimum=1,
        maximum=MAX_LIFETIME - 1,
    ),
    Property(
        Key.ON_EXPIRED,
        "word",
        "What a run does once it has expired: `recreate`, `ignore` or `error`.",
        "What a run does once the session has expired: `recreate` it (the default), `ignore` the expiry, or stop"
        " with an `error`.",
        default="recreate",
        words=ON_EXPIRED,
    ),
    Property(
        Key.MESSAGES,
        "messages",
        "The declared messages; not the live conversation.",
        "The messages that the session starts with. User and assistant messages added at the end are appended; any"
        " other change replaces the session.",
    ),
    Property(Key.METADATA, "object", "The declared metadata.", "Any JSON object. Changed in place."),
    Property(
        Key.STATUS,
        "word",
        "`active` or `completed`.",
        "`active` (the default) or `completed`. Changed in place.",
        default="active",
        words=STATUSES,
    ),
    Property(Key.GRANTED_EXPIRES_AT, "timestamp", "The expiry that the API last granted (RFC 3339)."),
    Property(
        Key.UNSENT_EXPIRY_SECONDS,
        "count",
        "Seconds by which `expires_at` moved without a request since the API last granted an expiry; None for 0.",
    ),
    Property(Key.CREATED_AT, "timestamp", "When the API created it (RFC 3339)."),
    Property(Key.BASE_URL, "text", "The base URL of the API that holds it."),
    Property(Key.EXPIRED, "flag", "Whether a refresh found it gone after its expiry."),
    Property(Key.TITLE, "text", "The API's title for it, once a refresh has read one; always secret."),
    Property(Key.MODEL, "text", "The model that it runs on, once a refresh has read it."),
    Property(Key.TOTAL_MESSAGES, "count", "The number of messages in the conversation when last counted."),
    Property(Key.TOTAL_TOKENS, "count", "The number of tokens used when last counted."),
    Property(Key.UPDATED_AT, "timestamp", "When the API last applied an update of this resource (RFC 3339)."),
)

PROPERTIES: Final = {row.key: row for row in _TABLE}
"""The one table. Editors run no code: their texts in ``sdk/`` are literals, and a test holds them to this."""

PYTHON_ONLY: Final = (
    ", or as a timedelta",
    ", or a timedelta",
    "a datetime with a time zone, `until(...)` or ",
    "; None if none is declared",
)
"""What the table says of Python programs alone."""

INPUTS: Final = tuple(row.key for row in _TABLE if row.input)
COMPUTED: Final = tuple(row.key for row in _TABLE if not row.input)
REPLACING: Final = tuple(row.key for row in _TABLE if row.replaces)


def is_by_hand(properties: Mapping[str, Any]) -> bool:
    """Return whether a session's expiry is declared as a timestamp, which may be secret, and not by a lifetime."""
    return Key.EXPIRATION_MINUTES not in properties


class Unknown:
    """A value that a preview cannot know yet; there is one, :data:`UNKNOWN`."""

    def __repr__(self) -> str:
        """Return a placeholder for the value."""
        return "<unknown>"


UNKNOWN: Final = Unknown()


def contains_unknown(value: object) -> bool:
    """Return whether a value, or anything inside it, is not known yet."""
    if isinstance(value, Mapping):
        return any(contains_unknown(inner) for inner in value.values())
    if isinstance(value, list):
        return any(contains_unknown(inner) for inner in value)
    return value is UNKNOWN


def same(one: object, other: object) -> bool:
    """Return whether two values are equal as JSON, where ``true`` is not ``1``; what is not JSON equals nothing."""
    try:
        return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    except (TypeError, ValueError):
        return False


def with_whole_numbers(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a JSON value in which whole floats, as Pulumi's numbers are, have become ints wherever they are exact."""
    if isinstance(value, Mapping):
        return {key: with_whole_numbers(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_whole_numbers(inner) for inner in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return int(value)
    return value


def is_rounded(number: float) -> bool:
    """Return whether a finite number is so large that Pulumi may round it."""
    return EXACT <= abs(number) < math.inf


def camel(name: str) -> str:
    """Return a snake_case name in camelCase, as state keys, POST and PUT bodies spell it."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def by_state_key(arguments: Mapping[str, Any]) -> Properties:
    """Return arguments by state key; what is not given (None) is left out."""
    return {camel(name): value for name, value in arguments.items() if value is not None}


def is_whole(value: object) -> TypeGuard[int]:
    """Return whether a value is an int and not a bool."""
    return isinstance(value, int) and not isinstance(value, bool)
