"""The rules of the policies: pure functions from what is declared to what is wrong with it.

No rule repeats a declared value, secret or not: it names the property and the limit. What a preview does not know yet
passes, and is judged by the run that knows it. What is of no sensible type passes too: the provider refuses it itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.model import MAX_LIFETIME, MIN_LIFETIME, UNKNOWN, Properties
from quant_sessions_provider.policy.secrets import kinds_of_secret

Config = Mapping[str, Any]
"""What is configured for one rule, with the defaults of its schema filled in."""

Violations = Iterator[str]

_T = TypeVar("_T")
_MISCONFIGURED: Final = "Correct it in the file given with --policy-pack-config, or in the pack."


class SecretText(str):
    """A text that the program marked secret."""

    __slots__ = ()


@dataclass(frozen=True)
class Declared:
    """One session as declared: its inputs by state key, :data:`UNKNOWN` for what is not known yet, and the moment."""

    properties: Properties
    now: datetime


@dataclass(frozen=True)
class Rule(Generic[_T]):
    """What is asked for, what a person changes to get there, what can be configured (JSON schema), who decides."""

    name: str
    description: str
    remedy: str
    check: Callable[[_T, Config], Violations]
    schema: dict[str, dict[str, Any]] = field(default_factory=dict)

    def violations(self, declared: _T, config: Config) -> list[str]:
        """List what is wrong, in one line each, followed by the remedy; a key that is no setting is wrong too."""
        found = [
            f"{key}: no setting of {self.name}\n{_MISCONFIGURED}" for key in sorted(set(config) - set(self.schema))
        ]
        try:
            return found + [f"{line}\n{self.remedy}" for line in self.check(declared, config)]
        except re.error:
            return [*found, f"a setting of {self.name} is no regular expression of Python\n{_MISCONFIGURED}"]


def longest_lifetime(session: Declared, config: Config) -> Violations:
    """Bound the declared lifetime, or how far ahead a moment set by hand lies."""
    most = int(config["maxMinutes"])
    minutes, until = (session.properties.get(key) for key in ("expirationMinutes", "expiresAt"))
    if isinstance(minutes, (int, float)) and minutes > most:
        yield f"expirationMinutes: more than {most}"
    moment = timestamps.parse_or_none(until)
    if minutes is None and moment and moment > session.now + timedelta(minutes=most):
        yield f"expiresAt: more than {most} minutes ahead"


def session_group(session: Declared, config: Config) -> Violations:
    """Require a group that matches a pattern as a whole."""
    pattern, group = re.compile(config["pattern"]), session.properties.get("sessionGroup")
    if group in (None, ""):
        yield "sessionGroup: is required"
    elif isinstance(group, str) and not pattern.fullmatch(group):
        yield f"sessionGroup: does not match the pattern {pattern.pattern}"


_EMAIL: Final = re.compile(r"[^\s@<>:](?:@|%40)[^\s@<>.]+(?:\.[^\s@<>.]+)*\.[^\s@<>.]{2,}", re.IGNORECASE)


def user_id_no_email(session: Declared, _: Config) -> Violations:
    """Refuse a user id that is, or holds, an e-mail address."""
    user = session.properties.get("userId")
    if isinstance(user, str) and _EMAIL.search(user):
        yield "userId: holds an e-mail address"


def no_secrets(session: Declared, _: Config) -> Violations:
    """Look for secrets in messages and metadata, but for what is marked secret."""
    messages, metadata = (session.properties.get(key) for key in ("messages", "metadata"))
    each = messages if isinstance(messages, list) else []
    for at, value in [*((f"messages[{i}]", message) for i, message in enumerate(each)), ("metadata", metadata)]:
        kinds = {kind for text in _open_texts(value) for kind in kinds_of_secret(text)}
        yield from (f"{at}: seems to hold a secret ({kind})" for kind in sorted(kinds))


def _open_texts(value: object) -> Iterator[str]:
    if isinstance(value, str) and not isinstance(value, SecretText):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from (*_open_texts(key), *_open_texts(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from _open_texts(inner)


def required_metadata(session: Declared, config: Config) -> Violations:
    """Require keys at the top of the metadata."""
    metadata = session.properties.get("metadata", {})
    if isinstance(metadata, Mapping):
        yield from (f"metadata: has no key {key}" for key in config["keys"] if key not in metadata)


def sessions_per_stack(sessions: Sequence[Declared], config: Config) -> Violations:
    """Bound the number of sessions in a stack."""
    most = int(config["maxSessions"])
    if len(sessions) > most:
        yield f"{len(sessions)} sessions in one stack, more than {most}"


def production_expiry(session: Declared, config: Config) -> Violations:
    """Ask of a session whose group matches a pattern that it renews, or that its expiry stops the run."""
    pattern = re.compile(config["production"])
    group, ahead, on_expired = (
        session.properties.get(key) for key in ("sessionGroup", "renewBeforeMinutes", "onExpired")
    )
    is_production = isinstance(group, str) and pattern.fullmatch(group)
    if is_production and ahead is None and on_expired not in ("error", UNKNOWN):
        yield "sessionGroup: is one of production, but the session neither renews nor has onExpired error"


SESSION_RULES: Final[tuple[Rule[Declared], ...]] = (
    Rule(
        "longest-lifetime",
        "An AI session lives no longer than allowed.",
        "Lower expiration_minutes, or set expires_at earlier; renew_before_minutes keeps alive what must live on.",
        longest_lifetime,
        {
            "maxMinutes": {
                "type": "integer",
                "minimum": MIN_LIFETIME,
                "maximum": MAX_LIFETIME,
                "default": 480,
                "description": "The longest lifetime, in minutes.",
            }
        },
    ),
    Rule(
        "session-group",
        "An AI session belongs to a group with a proper name.",
        "Set session_group to a name that matches; a change of it replaces the session.",
        session_group,
        {
            "pattern": {
                "type": "string",
                "default": "[a-z0-9]+(-[a-z0-9]+)*",
                "description": "A regular expression of Python that the whole group matches.",
            }
        },
    ),
    Rule(
        "user-id-no-email",
        "The user of an AI session is not named by an e-mail address.",
        "Set user_id to an opaque id, such as the key of your own user table; a change of it replaces the session.",
        user_id_no_email,
    ),
    Rule(
        "no-secrets",
        "Messages and metadata of an AI session hold no secrets in the open.",
        "Take it out: the API and the model read it. If it must be sent, mark it with pulumi.Output.secret,"
        " which hides it in previews and encrypts it in state.",
        no_secrets,
    ),
    Rule(
        "required-metadata",
        "The metadata of an AI session has the keys that are required.",
        "Add the key to metadata; that is sent in place.",
        required_metadata,
        {
            "keys": {
                "type": "array",
                "items": {"type": "string"},
                "default": [],
                "description": "The keys that metadata must have.",
            }
        },
    ),
    Rule(
        "production-expiry",
        "A production session is not recreated without notice.",
        'Set renew_before_minutes, or on_expired="error", where losing the conversation is then decided by a person.',
        production_expiry,
        {
            "production": {
                "type": "string",
                "default": "(.*-)?prod(uction)?(-.*)?",
                "description": "A regular expression of Python that the whole group of a production session matches.",
            }
        },
    ),
)

STACK_RULES: Final[tuple[Rule[Sequence[Declared]], ...]] = (
    Rule(
        "sessions-per-stack",
        "A stack holds a bounded number of AI sessions.",
        "Split the sessions over several stacks, or declare fewer.",
        sessions_per_stack,
        {
            "maxSessions": {
                "type": "integer",
                "minimum": 0,
                "default": 50,
                "description": "The most sessions in a stack; those read by Session.get do not count.",
            }
        },
    ),
)

RULES: Final[tuple[Rule[Any], ...]] = (*SESSION_RULES, *STACK_RULES)
