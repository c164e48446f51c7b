"""The rules of the policies: pure functions from declared sessions to violations.

A violation names the property and the limit, and never repeats a declared value, secret or not. A value that a preview
does not know yet passes: the update checks it again. A value of a wrong type passes too: the provider refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.model import MAX_LIFETIME, MIN_LIFETIME, Key, Properties
from quant_sessions_provider.policy.secrets import kinds_of_secret

Config = Mapping[str, Any]
"""The settings of one rule, with the defaults of its schema filled in."""

Violations = Iterator[str]

_T = TypeVar("_T")
_MISCONFIGURED: Final = "Correct it in the file of --policy-pack-config, or in the pack."


class SecretText(str):
    """A string that the program marked secret."""

    __slots__ = ()


@dataclass(frozen=True)
class Declared:
    """The inputs of one session by state key, :data:`UNKNOWN` where not known yet, and the current time.

    ``left_expired``: its resource options forbid that it is recreated for its expiry.
    """

    properties: Properties
    now: datetime
    left_expired: bool = False


@dataclass(frozen=True)
class Rule(Generic[_T]):
    """A policy: what it requires, how to fix a violation, the function that checks it, its settings (JSON schema)."""

    name: str
    description: str
    remedy: str
    check: Callable[[_T, Config], Violations]
    schema: dict[str, dict[str, Any]] = field(default_factory=dict)

    def violations(self, declared: _T, config: Config) -> list[str]:
        """Return a text for each violation: one line that says what is wrong, then the remedy."""
        found = [
            f"{key}: unknown setting of {self.name}\n{_MISCONFIGURED}" for key in sorted(set(config) - set(self.schema))
        ]
        try:
            return found + [f"{line}\n{self.remedy}" for line in self.check(declared, config)]
        except re.error:
            return [*found, f"a setting of {self.name} is not a valid Python regular expression\n{_MISCONFIGURED}"]


def longest_lifetime(session: Declared, config: Config) -> Violations:
    """Limit the declared lifetime, or how far ahead a declared ``expires_at`` is."""
    most = int(config["maxMinutes"])
    minutes, until = (session.properties.get(key) for key in (Key.EXPIRATION_MINUTES, Key.EXPIRES_AT))
    if isinstance(minutes, (int, float)) and minutes > most:
        yield f"{Key.EXPIRATION_MINUTES}: must be at most {most}"
    expiry = timestamps.parse_or_none(until)
    if minutes is None and expiry and expiry > session.now + timedelta(minutes=most):
        yield f"{Key.EXPIRES_AT}: must be at most {most} minutes from now"


def session_group(session: Declared, config: Config) -> Violations:
    """Require a group that matches a pattern as a whole."""
    pattern, group = re.compile(config["pattern"]), session.properties.get(Key.SESSION_GROUP)
    if group in (None, ""):
        yield f"{Key.SESSION_GROUP}: is required"
    elif isinstance(group, str) and not pattern.fullmatch(group):
        yield f"{Key.SESSION_GROUP}: must match the pattern {pattern.pattern}"


_EMAIL: Final = re.compile(r"[^\s@<>:](?:@|%40)[^\s@<>.]+(?:\.[^\s@<>.]+)*\.[^\s@<>.]{2,}", re.IGNORECASE)


def user_id_no_email(session: Declared, _: Config) -> Violations:
    """Refuse a user id that contains an e-mail address."""
    user = session.properties.get(Key.USER_ID)
    if isinstance(user, str) and _EMAIL.search(user):
        yield f"{Key.USER_ID}: must not contain an e-mail address"


def no_secrets(session: Declared, _: Config) -> Violations:
    """Look for secrets in the messages and metadata that are not marked secret."""
    messages, metadata = (session.properties.get(key) for key in (Key.MESSAGES, Key.METADATA))
    each = messages if isinstance(messages, list) else []
    for at, value in [*((f"{Key.MESSAGES}[{i}]", message) for i, message in enumerate(each)), (Key.METADATA, metadata)]:
        kinds = {kind for text in _unmarked_strings(value) for kind in kinds_of_secret(text)}
        yield from (f"{at}: seems to contain a secret ({kind})" for kind in sorted(kinds))


def _unmarked_strings(value: object) -> Iterator[str]:
    if isinstance(value, str) and not isinstance(value, SecretText):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from (*_unmarked_strings(key), *_unmarked_strings(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from _unmarked_strings(inner)


def required_metadata(session: Declared, config: Config) -> Violations:
    """Require top-level keys of the metadata."""
    metadata = session.properties.get(Key.METADATA, {})
    if isinstance(metadata, Mapping):
        yield from (f"{Key.METADATA}: key {key} is required" for key in config["keys"] if key not in metadata)


def sessions_per_stack(sessions: Sequence[Declared], config: Config) -> Violations:
    """Limit the number of sessions in a stack."""
    most = int(config["maxSessions"])
    if len(sessions) > most:
        yield f"{len(sessions)} sessions in this stack, at most {most} are allowed"


def production_expiry(session: Declared, config: Config) -> Violations:
    """Require that a session whose group matches a pattern renews, or is never recreated after its expiry."""
    pattern, group = re.compile(config["production"]), session.properties.get(Key.SESSION_GROUP)
    is_production = isinstance(group, str) and pattern.fullmatch(group)
    renews = session.properties.get(Key.RENEW_BEFORE_MINUTES) is not None
    if is_production and not renews and _is_recreated(session):
        yield f"{Key.SESSION_GROUP}: is a production group, and the session is recreated after its expiry"


def _is_recreated(session: Declared) -> bool:
    properties = session.properties
    # One with an expires_at of its own ends there, and one that is completed has ended.
    return (
        not session.left_expired
        and Key.EXPIRATION_MINUTES in properties
        and properties.get(Key.ON_EXPIRED, "recreate") == "recreate"
        and properties.get(Key.STATUS, "active") == "active"
    )


SESSION_RULES: Final[tuple[Rule[Declared], ...]] = (
    Rule(
        "longest-lifetime",
        "The lifetime of an AI session is limited.",
        "Lower expirationMinutes, or set an earlier expiresAt. To keep a session alive, set renewBeforeMinutes.",
        longest_lifetime,
        {
            "maxMinutes": {
                "type": "integer",
                "minimum": MIN_LIFETIME,
                "maximum": MAX_LIFETIME,
                "default": 480,
                "description": "Maximum lifetime in minutes.",
            }
        },
    ),
    Rule(
        "session-group",
        "An AI session has a session group whose name matches a pattern.",
        "Set sessionGroup to a matching name. Changing it replaces the session.",
        session_group,
        {
            "pattern": {
                "type": "string",
                "default": "[a-z0-9]+(-[a-z0-9]+)*",
                "description": "Python regular expression that must match the whole group.",
            }
        },
    ),
    Rule(
        "user-id-no-email",
        "The user id of an AI session contains no e-mail address.",
        "Set userId to an opaque id, such as the key of your user table. Changing it replaces the session.",
        user_id_no_email,
    ),
    Rule(
        "no-secrets",
        "Messages and metadata of an AI session contain no plaintext secrets.",
        "Remove it: the API and the model can read it. If it must be sent, mark it with pulumi.Output.secret, which"
        " hides it in previews and encrypts it in state.",
        no_secrets,
    ),
    Rule(
        "required-metadata",
        "The metadata of an AI session has all required keys.",
        "Add the key to metadata. It is sent in place: nothing is replaced.",
        required_metadata,
        {
            "keys": {
                "type": "array",
                "items": {"type": "string"},
                "default": [],
                "description": "Required top-level keys.",
            }
        },
    ),
    Rule(
        "production-expiry",
        "A production session is not recreated without notice.",
        "Set renewBeforeMinutes, or `onExpired: error`: then a person decides whether a new conversation starts.",
        production_expiry,
        {
            "production": {
                "type": "string",
                "default": "(.*-)?prod(uction)?(-.*)?",
                "description": "Python regular expression that must match the whole group of a production session.",
            }
        },
    ),
)

STACK_RULES: Final[tuple[Rule[Sequence[Declared]], ...]] = (
    Rule(
        "sessions-per-stack",
        "The number of AI sessions in a stack is limited.",
        "Declare fewer sessions, or split them into several stacks.",
        sessions_per_stack,
        {
            "maxSessions": {
                "type": "integer",
                "minimum": 0,
                "default": 50,
                "description": "Maximum number of sessions; sessions read with Session.get do not count.",
            }
        },
    ),
)

RULES: Final[tuple[Rule[Any], ...]] = (*SESSION_RULES, *STACK_RULES)
