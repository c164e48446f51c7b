"""The sentences about what a replacement loses, and beside them the functions that read them back from a preview."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core.describe import CLOCK, END_OF_NEW, clock, end_of_new
from quant_sessions_provider.core.messages import counted_messages
from quant_sessions_provider.core.model import Key, Properties, contains_unknown
from quant_sessions_provider.core.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from quant_sessions_provider.core.changes import Change

_LOSES: Final = "replacing it loses"
_DELETING: Final = "deleting it loses"
_IS_GONE: Final = "it is gone"
_ALL_DECLARED: Final = "it holds only declared messages"
_NO_MESSAGES: Final = "it holds no messages"
_UNKNOWN_NUMBER: Final = "an unknown number of messages"
_AT_LEAST: Final = "at least "
_EXPIRED: Final = "expired"
_AND_GONE: Final = " and is gone"
_UNLISTED: Final = ", no longer listed as active"
_NEW_ONE: Final = "the new one lives until"
_COUNT: Final = (
    rf"(?:(?P<least>{_AT_LEAST})?(?P<count>\d+) messages?|{_UNKNOWN_NUMBER}|nothing: (?P<declared>{_ALL_DECLARED}))"
)
_AGAIN: Final = r"(?: \(\d+ declared ones? starts? again\))?"
_END: Final = rf"; {_NEW_ONE} {END_OF_NEW}"
_REPLACEMENT: Final = re.compile(
    rf"(?P<reason>[\w, ]+): {_LOSES} (?:{_COUNT}|nothing: (?P<gone>{_IS_GONE})){_AGAIN}{_END}"
)
_RECREATION: Final = re.compile(
    rf"(?P<reason>{_EXPIRED}(?: at {CLOCK})?(?:(?P<gone>{_AND_GONE})|{_UNLISTED}))"
    rf"(?:: {_LOSES} {_COUNT}{_AGAIN})?{_END}"
)


@dataclass(frozen=True)
class Loss:
    """The messages that end with a session and are not declared, None for an unknown number.

    ``at_least``: there may be more, since the API does not show all of the conversation. A session that is gone has
    none to lose.
    """

    messages: int | None
    at_least: bool = False
    gone: bool = False

    @property
    def is_none(self) -> bool:
        """Whether nothing is lost."""
        return self.messages == 0


GONE: Final = Loss(0, gone=True)


def loss_of(declared: object, live: object) -> Loss:
    """Return what is lost with a conversation: its messages that match no declared one of the last run."""
    expected, found = counted_messages(declared), counted_messages(live)
    if expected is None or found is None:
        return Loss(None)
    lost = (found - expected).total()
    # Where a declared one was trimmed or hidden, others may be too.
    return Loss(lost or None, at_least=lost > 0) if expected - found else Loss(lost)


@dataclass(frozen=True)
class Replacement:
    """Why a plan replaces a session, and what that loses; ``expired`` tells a recreation from a change."""

    reason: str
    loss: Loss
    expired: bool


def read_replacement(sentence: str) -> Replacement | None:
    """Return what a sentence says about a replacement or a recreation, or None for any other sentence."""
    for pattern, expired in ((_RECREATION, True), (_REPLACEMENT, False)):
        found = pattern.fullmatch(sentence)
        if found:
            return Replacement(found["reason"], _read_loss(found), expired)
    return None


def _read_loss(found: re.Match[str]) -> Loss:
    if found["gone"]:
        return GONE
    count = "0" if found["declared"] else found["count"]
    return Loss(int(count) if count else None, at_least=found["least"] is not None)


def read_subject_and_replacement(line: str) -> tuple[str, Replacement] | None:
    """Return the subject, which may be any text, and the replacement of a line that has both; None for others."""
    parts = line.split(": ")
    for count in range(1, len(parts)):
        found = read_replacement(": ".join(parts[count:]))
        if found:
            return ": ".join(parts[:count]), found
    return None


def replacement_sentence(keys: list[str], new: Properties, loss: Loss, now: datetime) -> str:
    """Return which inputs replace a session, what that loses, and until when the new one lives."""
    return f"{_why_replaced(keys, new)}: {_price(new, loss)}{_end(new, now)}"


def _why_replaced(keys: list[str], new: Properties) -> str:
    # One that is not known yet may turn out as it was.
    open_ = [key for key in keys if contains_unknown(new.get(key))]
    sure = [key for key in keys if key not in open_]
    parts = [(sure, "changed"), (open_, "may change")]
    return ", ".join(f"{', '.join(keys)} {verb}" for keys, verb in parts if keys)


def recreation_sentence(change: Change, loss: Loss, now: datetime) -> str:
    """Return that a session expired, what its recreation loses, and until when the new one lives."""
    known = change.state.shown_expiry
    expired = f"{_EXPIRED}{f' at {clock(known, now)}' if known else ''}"
    outcome = _AND_GONE if loss.gone else f"{_UNLISTED}: {_price(change.new, loss)}"
    return f"{expired}{outcome}{_end(change.new, now)}"


def recreation_loss(loss: Loss) -> str:
    """Return what the recreation of a session loses, where its replacement is not known."""
    return f"{_LOSES} {_messages(loss)}"


def deletion_sentence(live: Sequence[object] | None) -> str:
    """Return what the deletion of a session by hand loses: all of its messages, None for an unknown number."""
    return f"{_DELETING} {_messages(Loss(None if live is None else len(live)), _NO_MESSAGES)}"


def _price(new: Properties, loss: Loss) -> str:
    return f"{_LOSES} {_messages(loss)}{_again(new)}"


def _messages(loss: Loss, why_none: str = _ALL_DECLARED) -> str:
    if loss.messages is None:
        return _UNKNOWN_NUMBER
    if loss.is_none:
        return f"nothing: {_IS_GONE if loss.gone else why_none}"
    return f"{_AT_LEAST if loss.at_least else ''}{counted(loss.messages, 'message')}"


def _again(new: Properties) -> str:
    """Return how many messages the new session starts with; nothing for none, or for a list that is not known yet."""
    messages = new.get(Key.MESSAGES)
    if not isinstance(messages, list) or not messages:
        return ""
    return f" ({counted(len(messages), 'declared one')} {'starts' if len(messages) == 1 else 'start'} again)"


def _end(new: Properties, now: datetime) -> str:
    return f"; {_NEW_ONE} {end_of_new(new, now)}"
