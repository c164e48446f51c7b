"""The sentence a person reads beside an update: what will be sent, and until when the session lives.

Pure, like the decisions it tells of. The verbs "extends by N minutes" and "appends N messages" are fixed: people and
programs look for them.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.expiry import extension
from quant_sessions_provider.core.model import MAX_LIFETIME, Key, Properties, contains_unknown
from quant_sessions_provider.core.text import counted

if TYPE_CHECKING:
    from quant_sessions_provider.core.changes import Change
    from quant_sessions_provider.core.state import Expiry, StoredState

_STATUS: Final = {"completed": "completes it", "active": "reopens it"}
_WITH_DATE: Final = "%Y-%m-%d %H:%MZ"


def update_sentence(name: str, change: Change, now: datetime) -> str:
    """Return what an update in place of resource ``name`` sends; nothing that people declared is repeated."""
    minutes = extension(change, now)
    sent = [*_put(change), *_extend(change, minutes, now)]
    kept = [] if minutes else _kept(change, now)
    if not sent:
        unknown = any(contains_unknown(change.new.get(key)) for key in change.moved)
        kept += ["what is sent is not known yet" if unknown else "nothing is sent"]
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


def end_of_new(new: Properties, now: datetime) -> str:
    """Return until when a session that is made now would live."""
    if Key.EXPIRATION_MINUTES not in new:
        return "the moment that is declared"
    lifetime = new[Key.EXPIRATION_MINUTES]
    if not isinstance(lifetime, int) or lifetime > MAX_LIFETIME:
        return "a time not known yet"
    return (now + timedelta(minutes=lifetime)).astimezone(timezone.utc).strftime(_WITH_DATE)


def why_replaced(change: Change) -> str:
    """Return which inputs replace a session; one that is not known yet may turn out as it was."""
    open_ = [key for key in change.replaces if contains_unknown(change.new.get(key))]
    sure = [key for key in change.replaces if key not in open_]
    parts = [(sure, "changed"), (open_, "may change")]
    return ", ".join(f"{', '.join(keys)} {verb}" for keys, verb in parts if keys)


def short_grant(session_id: str, outputs: Properties, expiry: Expiry) -> list[str]:
    """Return one line about a session that was granted less than it asked for; none about others."""
    if not expiry.granted_less:
        return []
    asked, granted = outputs[Key.EXPIRES_AT], outputs[Key.GRANTED_EXPIRES_AT]
    return [f"session {session_id}: asked to live until {asked}, granted until {granted}"]


def expired(state: StoredState) -> str:
    """Return that a session expired, and when."""
    known = state.expiry.known
    return f"session {state.id} expired{f' at {timestamps.render(known)}' if known else ''}"
