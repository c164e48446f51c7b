"""The sentences about a session, and beside each that a preview prints the function that reads it back.

Pure, like the decisions that it describes. The verbs "extends by N minutes" and "appends N messages" are fixed: people
and programs look for them. No text and no timestamp that people declare is repeated. A sentence has no subject: on the
resource's own line that is the resource's name, elsewhere the session's id.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.expiry import extension
from quant_sessions_provider.core.model import MAX_LIFETIME, MIN_LIFETIME, Key, Properties, contains_unknown, is_by_hand
from quant_sessions_provider.core.text import counted, one_line

if TYPE_CHECKING:
    from quant_sessions_provider.core.changes import Change
    from quant_sessions_provider.core.state import Expiry, StoredState

_STATUS: Final = {"completed": "completes it", "active": "reopens it"}

# --- the subject of a sentence -----------------------------------------------------------------------------

SESSION: Final = "session "


def about(subject: str, sentence: str) -> str:
    """Return a sentence behind its subject."""
    return f"{subject}: {sentence}"


def read_about(subject: str, line: str) -> str | None:
    """Return the sentence about a subject, or None if a line is about something else."""
    prefix = about(subject, "")
    return line.removeprefix(prefix) if line.startswith(prefix) else None


def session(session_id: str) -> str:
    """Return the subject of a sentence that is not on the resource's own line."""
    return f"{SESSION}{one_line(session_id)}"


DECLARED_EXPIRY: Final = "the declared expiresAt"
"""What sentences say in place of a timestamp that is set by hand: it may be secret, and nobody here can know."""

# --- a new session -----------------------------------------------------------------------------------------

_UNKNOWN_END: Final = "a time that is not known yet"
CLOCK: Final = r"(?:\d{4}-\d\d-\d\d )?\d\d:\d\dZ"
"""What :func:`clock` returns, as a pattern."""
END_OF_NEW: Final = rf"(?:about {CLOCK}|{DECLARED_EXPIRY}|{_UNKNOWN_END})"
"""What :func:`end_of_new` returns, as a pattern."""
_CREATION: Final = re.compile(rf"(?P<lifetime>lives \d+ minutes), until about {CLOCK}|lives until {END_OF_NEW}")


def creation_sentence(new: Properties, now: datetime) -> str:
    """Return how long a new session lives, and until when."""
    lifetime = new.get(Key.EXPIRATION_MINUTES)
    known = f"{counted(lifetime, 'minute')}, " if isinstance(lifetime, int) else ""
    return f"lives {known}until {end_of_new(new, now)}"


def read_creation(sentence: str) -> str | None:
    """Return how long a new session lives, empty if that is not known yet; None for any other sentence."""
    found = _CREATION.fullmatch(sentence)
    return found and (found["lifetime"] or "")


def end_of_new(new: Properties, now: datetime) -> str:
    """Return until when a new session lives, or what is known of that."""
    if is_by_hand(new):
        return DECLARED_EXPIRY
    lifetime = new[Key.EXPIRATION_MINUTES]
    if not isinstance(lifetime, int) or not MIN_LIFETIME <= lifetime <= MAX_LIFETIME:
        return _UNKNOWN_END
    return f"about {clock(now + timedelta(minutes=lifetime), now)}"


# --- an update in place ------------------------------------------------------------------------------------

_EXTENDS: Final = re.compile(r"\bextends by \d+ minutes?\b")
_NOTHING_SENT: Final = "nothing is sent"
TAKEN_OVER: Final = f"moves from the plugin to the dynamic provider: {_NOTHING_SENT}"
_NEXT_PART: Final = "; "
"""Between what is sent by one request and what by another."""


@dataclass(frozen=True)
class UpdateSentence:
    """What an update in place of a session sends."""

    text: str

    @property
    def extends(self) -> bool:
        """Whether the session is extended."""
        return _EXTENDS.search(self.text) is not None

    @property
    def only_extends(self) -> bool:
        """Whether the session is extended, and nothing else is sent."""
        return self.extends and _NEXT_PART not in self.text

    @property
    def has_no_details(self) -> bool:
        """Whether it only says that nothing is sent, and not which input moved."""
        return self.text == _NOTHING_SENT


def update_sentence(change: Change, now: datetime) -> str:
    """Return what an update in place sends."""
    minutes = extension(change, now)
    sent = [*_put(change), *_extend(change, minutes, now)]
    kept = [] if minutes else _kept(change, now)
    if not sent:
        unknown = any(contains_unknown(change.new.get(key)) for key in change.moved)
        kept += ["what is sent is not known yet" if unknown else _NOTHING_SENT]
    return _NEXT_PART.join([*sent, ", ".join(kept)] if kept else sent)


def _put(change: Change) -> list[str]:
    parts = []
    if Key.MESSAGES in change.moved and change.appended:
        parts.append(f"appends {counted(len(change.appended), 'message')}")
    if Key.METADATA in change.moved:
        parts.append(_metadata(change))
    if Key.STATUS in change.moved:
        parts.append(_STATUS.get(str(change.new.get(Key.STATUS)), "sends its status"))
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
    if change.leaves_expiry_open:
        return ["its expiry is not known yet"]
    if not minutes:
        return []
    known = change.state.expiry.known
    start = now if known is None else max(known, now)
    by_hand = is_by_hand(change.new)
    until = DECLARED_EXPIRY if by_hand else f"about {clock(start + timedelta(minutes=minutes), now)}"
    # Minutes that are left and minutes to extend by would add up to an expiry that may be secret.
    hidden = (by_hand or change.state.is_by_hand) and not change.state.expiry.passed(now)
    left = "" if hidden else f"{_left(change.state, now)}: "
    return [f"{left}extends by {counted(minutes, 'minute')}, until {until}"]


def stop_sentence(state: StoredState, now: datetime, *, sure: bool = True) -> str:
    """Return that a run stops, or may stop, since a session expired and its ``onExpired`` is ``error``."""
    return f"{_expiry(state, now)}: the run {'stops' if sure else 'may stop'}"


def _left(state: StoredState, now: datetime) -> str:
    known = state.expiry.known
    if known is None:
        return "expiry not known"
    if known <= now:
        return f"{_expiry(state, now)} and still lives"
    return f"{counted(int((known - now) / timedelta(minutes=1)), 'minute')} left"


def _expiry(state: StoredState, now: datetime) -> str:
    known = state.expiry.known
    if known is None:
        return "has expired"
    return f"was to expire at {DECLARED_EXPIRY if state.is_by_hand else clock(known, now)}"


def _kept(change: Change, now: datetime) -> list[str]:
    """Return until when a session lives whose lifetime or expiry moved without a request: it cannot be shortened."""
    granted = change.state.expiry.granted or change.state.expiry.known
    moved = [key for key in (Key.EXPIRATION_MINUTES, Key.EXPIRES_AT) if key in change.moved]
    if not moved or granted is None or any(contains_unknown(change.new.get(key)) for key in moved):
        return []
    if change.completes:
        return ["it is completed: its expiry stays"]
    if granted <= now:
        return []
    if change.state.is_by_hand or is_by_hand(change.new):
        until = DECLARED_EXPIRY
        return ["cannot be shortened: lives on as granted" if _lowered(change) else f"lives at least until {until}"]
    until = clock(granted, now)
    return [f"cannot be shortened: lives on until {until}" if _lowered(change) else f"lives until about {until}"]


def _lowered(change: Change) -> bool:
    before, planned = change.state.expiry.asked, change.planned_expiry
    earlier = before is not None and planned is not None and planned < before
    return earlier or change.raised_by < 0


def clock(time: datetime, now: datetime) -> str:
    """Return the time of day in UTC, with the date where it is not today's."""
    day, _, clock = timestamps.to_minute(time).partition(" ")
    return clock if timestamps.to_minute(now).startswith(day) else f"{day} {clock}"


# --- a creation whose response was lost --------------------------------------------------------------------


def possible_orphans(ids: list[str] | None) -> str:
    """Return which sessions a creation may have made; ``ids`` is None if that could not be determined."""
    if ids is None:
        return "Could not determine whether a session was created; it expires by itself"
    if not ids:
        return "The API lists no session that it may have made"
    # Another stack, or a session that this one is to replace, may have the same user and group.
    return (
        f"It may have made session {' or '.join(ids)}. If no stack has it in its state, delete it by its id, or let it"
        " expire"
    )


# --- an append --------------------------------------------------------------------------------------------


def already_there(count: int) -> str:
    """Return that an append leaves out messages that are already in the conversation."""
    return f"{counted(count, 'message')} {'is' if count == 1 else 'are'} already in the conversation: not sent again"


# --- a short grant -----------------------------------------------------------------------------------------


def short_grant(outputs: Properties, expiry: Expiry) -> list[str]:
    """Return one sentence about a session that was granted less than it asked for; none about others."""
    if not expiry.granted_less:
        return []
    granted = outputs[Key.GRANTED_EXPIRES_AT]
    asked = DECLARED_EXPIRY if is_by_hand(outputs) else outputs[Key.EXPIRES_AT]
    return [f"asked to live until {asked}, granted until {granted}"]


# --- an error ----------------------------------------------------------------------------------------------

_TRACED: Final = re.compile(r"(?:[\w.]+\.)?SessionError: (.*)")
"""The end of a traceback: the host prints one under ``QUANTCDN_DEBUG``, and where it is not as expected."""
_HALF_DONE: Final = "1 error occurred:\n\t* "
"""What the engine puts before the error of a call that it records as half done."""


def read_error(text: str) -> str | None:
    """Return the provider's own error without what the host or the engine puts around it; None if there is nothing."""
    traced = [found[1] for found in map(_TRACED.fullmatch, text.splitlines()) if found]
    if traced:
        return traced[-1]
    return text.removeprefix(_HALF_DONE) if text.startswith(_HALF_DONE) else None
