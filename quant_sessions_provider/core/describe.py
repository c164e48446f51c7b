"""Every sentence that the provider says about a plan, and beside it the function that reads it back from a preview.

Pure, like the decisions that it describes. The verbs "extends by N minutes" and "appends N messages" are fixed: people
and programs look for them. Nothing that people declare is repeated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.expiry import extension
from quant_sessions_provider.core.model import MAX_LIFETIME, Key, Properties, contains_unknown
from quant_sessions_provider.core.text import counted, one_line

if TYPE_CHECKING:
    from quant_sessions_provider.core.changes import Change
    from quant_sessions_provider.core.state import Expiry, StoredState

_STATUS: Final = {"completed": "completes it", "active": "reopens it"}
_WITH_DATE: Final = "%Y-%m-%d %H:%MZ"

# --- an update in place ------------------------------------------------------------------------------------

_EXTENDS: Final = re.compile(r"\bextends by \d+ minutes?\b")
_NOTHING_SENT: Final = "nothing is sent"


@dataclass(frozen=True)
class UpdateSentence:
    """What an update in place of a session sends, without the name of the resource."""

    text: str

    @property
    def extends(self) -> bool:
        """Whether the session is extended."""
        return _EXTENDS.search(self.text) is not None

    @property
    def has_no_details(self) -> bool:
        """Whether it only says that nothing is sent, and not which input moved."""
        return self.text == _NOTHING_SENT


def read_update(name: str, text: str) -> UpdateSentence | None:
    """Return the sentence about resource ``name``, or None if a text is none."""
    prefix = f"{name}: "
    return UpdateSentence(text.removeprefix(prefix)) if text.startswith(prefix) else None


def update_sentence(name: str, change: Change, now: datetime) -> str:
    """Return what an update in place of resource ``name`` sends."""
    minutes = extension(change, now)
    sent = [*_put(change), *_extend(change, minutes, now)]
    kept = [] if minutes else _kept(change, now)
    if not sent:
        unknown = any(contains_unknown(change.new.get(key)) for key in change.moved)
        kept += ["what is sent is not known yet" if unknown else _NOTHING_SENT]
    return f"{name}: {'; '.join([*sent, ', '.join(kept)] if kept else sent)}"


def _put(change: Change) -> list[str]:
    parts = []
    if Key.MESSAGES in change.moved:
        parts.append(f"appends {counted(len(change.appended or []), 'message')}")
    if Key.METADATA in change.moved:
        parts.append(_metadata(change))
    if Key.STATUS in change.moved:
        parts.append(_STATUS.get(change.new[Key.STATUS], "sends its status"))
    return parts


def _metadata(change: Change) -> str:
    after = change.new.get(Key.METADATA, {})
    dropped = _keys(change.state.get(Key.METADATA, {})) - _keys(after)
    if not dropped or contains_unknown(after):
        return "sends its metadata"
    return (
        f"sends its metadata without {counted(len(dropped), 'key')} (the API does not state whether it drops old ones)"
    )


def _keys(metadata: object) -> set[str]:
    return set(metadata) if isinstance(metadata, dict) else set()


def _extend(change: Change, minutes: int, now: datetime) -> list[str]:
    if Key.EXPIRES_AT in change.moved and contains_unknown(change.new.get(Key.EXPIRES_AT)):
        return ["its expiry is not known yet"]
    if not minutes:
        return []
    known = change.state.expiry.known
    if not change.moved and known and known <= now and change.new[Key.ON_EXPIRED] == "error":
        # The one plan in which diff may know that the run will stop, and must not say so (rule 3).
        sure = "" if change.state.get(Key.EXPIRED) else " if it is gone"
        return [f"was to expire at {_clock(known, now)}: the run stops{sure}"]
    start = now if known is None else max(known, now)
    until = _clock(start + timedelta(minutes=minutes), now)
    return [f"{_left(known, now)}: extends by {counted(minutes, 'minute')}, until about {until}"]


def _left(known: datetime | None, now: datetime) -> str:
    if known is None:
        return "expiry not known"
    if known <= now:
        return f"was to expire at {_clock(known, now)} and still lives"
    return f"{counted(int((known - now) / timedelta(minutes=1)), 'minute')} left"


def _kept(change: Change, now: datetime) -> list[str]:
    """Say until when a session lives whose lifetime or expiry moved without a request: the API cannot shorten."""
    granted = change.state.expiry.granted or change.state.expiry.known
    moved = [key for key in (Key.EXPIRATION_MINUTES, Key.EXPIRES_AT) if key in change.moved]
    if not moved or granted is None or any(contains_unknown(change.new.get(key)) for key in moved):
        return []
    if change.completes:
        return ["it is completed: its expiry stays"]
    if granted <= now:
        return []
    until = _clock(granted, now)
    return [f"cannot be shortened: lives on until {until}" if _lowered(change) else f"lives until about {until}"]


def _lowered(change: Change) -> bool:
    before, planned = change.state.expiry.asked, change.planned_expiry
    earlier = before is not None and planned is not None and planned < before
    return earlier or change.raised_by < 0


def _clock(moment: datetime, now: datetime) -> str:
    """Return the time of day in UTC, with the date where it is not today's."""
    utc = moment.astimezone(timezone.utc)
    return utc.strftime("%H:%MZ" if utc.date() == now.astimezone(timezone.utc).date() else _WITH_DATE)


# --- a replacement -----------------------------------------------------------------------------------------

_LOSES: Final = "replacing it loses"
_IS_GONE: Final = "it is gone"
_UNKNOWN_NUMBER: Final = "an unknown number of messages"
_UNLISTED: Final = "the API no longer lists it as active"
_NEW_ONE: Final = "a new one starts from the declared messages, until about"
_COUNT: Final = rf"(?:(?P<count>\d+) messages?|{_UNKNOWN_NUMBER})"
_REPLACEMENT: Final = re.compile(
    rf"session (?P<id>.+): (?P<reason>[\w, ]+); {_LOSES} (?:{_COUNT}|(?P<gone>nothing: {_IS_GONE}))"
)
_RECREATION: Final = re.compile(
    rf"session (?P<id>.+) (?P<reason>expired(?: at \S+)?; (?:(?P<gone>{_IS_GONE})|{_UNLISTED}))"
    rf"(?:; {_LOSES} {_COUNT})?, {_NEW_ONE} [\w :-]+"
)


@dataclass(frozen=True)
class Loss:
    """The messages that end with a session, None for an unknown number; a session that is gone has none to lose."""

    messages: int | None
    gone: bool = False


GONE: Final = Loss(0, gone=True)


@dataclass(frozen=True)
class Replacement:
    """Why a plan replaces a session, and what that loses; ``expired`` tells a recreation from a change."""

    session_id: str
    reason: str
    loss: Loss
    expired: bool


def read_replacement(line: str) -> Replacement | None:
    """Return what a line says about a replacement or a recreation, or None for any other line.

    The id has no control characters, whatever the API made of it.
    """
    for pattern, expired in ((_RECREATION, True), (_REPLACEMENT, False)):
        found = pattern.fullmatch(line)
        if found:
            loss = GONE if found["gone"] else Loss(int(found["count"]) if found["count"] else None)
            return Replacement(found["id"], found["reason"], loss, expired)
    return None


def replacement_sentence(change: Change, loss: Loss) -> str:
    """Return which inputs replace a session, and what that loses."""
    lost = f"nothing: {_IS_GONE}" if loss.gone else _messages(loss)
    return f"{_session(change.state.id)}: {_why_replaced(change)}; {_LOSES} {lost}"


def _why_replaced(change: Change) -> str:
    # One that is not known yet may turn out as it was.
    open_ = [key for key in change.replaces if contains_unknown(change.new.get(key))]
    sure = [key for key in change.replaces if key not in open_]
    parts = [(sure, "changed"), (open_, "may change")]
    return ", ".join(f"{', '.join(keys)} {verb}" for keys, verb in parts if keys)


def recreation_sentence(change: Change, loss: Loss, now: datetime) -> str:
    """Return that a session expired, what its recreation loses, and until when the new one lives."""
    outcome = _IS_GONE if loss.gone else f"{_UNLISTED}; {_LOSES} {_messages(loss)}"
    return f"{expiry_sentence(change.state)}; {outcome}, {_NEW_ONE} {_end_of_new(change.new, now)}"


def _messages(loss: Loss) -> str:
    return _UNKNOWN_NUMBER if loss.messages is None else counted(loss.messages, "message")


def _end_of_new(new: Properties, now: datetime) -> str:
    if Key.EXPIRATION_MINUTES not in new:
        return "the declared expiresAt"
    lifetime = new[Key.EXPIRATION_MINUTES]
    if not isinstance(lifetime, int) or lifetime > MAX_LIFETIME:
        return "a time not known yet"
    return (now + timedelta(minutes=lifetime)).astimezone(timezone.utc).strftime(_WITH_DATE)


def expiry_sentence(state: StoredState) -> str:
    """Return that a session expired, and when."""
    known = state.expiry.known
    return f"{_session(state.id)} expired{f' at {timestamps.render(known)}' if known else ''}"


def _session(session_id: str) -> str:
    return f"session {one_line(session_id)}"


# --- an append --------------------------------------------------------------------------------------------


def already_there(state: StoredState, count: int) -> str:
    """Return that an append leaves out messages which the conversation holds already."""
    return f"{_session(state.id)}: {counted(count, 'message')} already there: not sent again"


# --- a short grant -----------------------------------------------------------------------------------------

_SHORT_GRANT: Final = re.compile(r"session (.+): asked to live until ([^,;]+), granted until ([^,;]+)")


def short_grant(session_id: str, outputs: Properties, expiry: Expiry) -> list[str]:
    """Return one line about a session that was granted less than it asked for; none about others."""
    if not expiry.granted_less:
        return []
    asked, granted = outputs[Key.EXPIRES_AT], outputs[Key.GRANTED_EXPIRES_AT]
    return [f"{_session(session_id)}: asked to live until {asked}, granted until {granted}"]


def read_short_grant(line: str) -> tuple[str, str, str] | None:
    """Return id, ``expiresAt`` and ``grantedExpiresAt`` of a session that was granted less, or None for other lines."""
    found = _SHORT_GRANT.fullmatch(line)
    return (found[1], found[2], found[3]) if found else None


# --- an error ----------------------------------------------------------------------------------------------

_ERROR: Final = "SessionError: "
"""What Python prints before the text of the exception that the dynamic host is given."""


def read_error(text: str) -> str | None:
    """Return the provider's own error in what the host printed, or None; a chain of tracebacks ends with it."""
    ours = [line.removeprefix(_ERROR) for line in text.splitlines() if line.startswith(_ERROR)]
    return ours[-1] if ours else None
