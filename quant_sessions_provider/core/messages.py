"""Which messages are declared, which a conversation has, and which are to be sent. Only role and content count."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeGuard

from quant_sessions_provider.core.model import APPENDABLE_ROLES, same

if TYPE_CHECKING:
    from quant_sessions_provider.core.model import Properties


def messages_to_append(before: object, after: object) -> list[Any] | None:
    """Return the messages to append, or None if the declared list cannot be reached by appending.

    A system message cannot be appended. What is not known yet may turn out as a change: a plan says the worst, so that
    no conversation is lost unannounced.
    """
    if not isinstance(before, list) or not isinstance(after, list):
        return None
    appended = after[len(before) :]
    kept = same(before, after[: len(before)])  # not if anything of it is unknown
    return appended if kept and all(_is_appendable(message) for message in appended) else None


def _is_appendable(message: object) -> bool:
    return isinstance(message, dict) and message.get("role") in APPENDABLE_ROLES


def unsent(declared: list[Any], live: list[Any], known: int) -> list[Any]:
    """Return the messages to append: those after the ``known`` ones of an earlier run, but for what is live already.

    A killed run, or one whose response was lost, may have sent some of them. An API may hide or reorder messages, so
    their order proves nothing. A message with the same role and content counts as the declared one, whoever sent it.
    """
    there = Counter(message_identity(message) for message in live if _is_message(message))
    there.subtract(message_identity(message) for message in declared[:known])
    missing = []
    for message in declared[known:]:
        if there[message_identity(message)] > 0:
            there[message_identity(message)] -= 1
        else:
            missing.append(message)
    return missing


def counted_messages(messages: object) -> Counter[tuple[str, str]] | None:
    """Return how often each message is in a list; None if that cannot be told of all of them."""
    if not isinstance(messages, list) or not all(map(_is_message, messages)):
        return None
    return Counter(map(message_identity, messages))


def _is_message(message: object) -> TypeGuard[Properties]:
    return isinstance(message, dict) and all(isinstance(message.get(k), str) for k in ("role", "content"))


def message_identity(message: Properties) -> tuple[str, str]:
    """Return role and normalized content: a service may change outer white space, line ends and Unicode form."""
    content = message["content"].replace("\r\n", "\n").replace("\r", "\n")
    return message["role"], unicodedata.normalize("NFC", content).strip()
