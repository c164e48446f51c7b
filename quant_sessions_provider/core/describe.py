"""The sentence a person reads beside an update: what will be sent, and until when the session lives.

Pure, like the decisions it tells of. The verbs "extends by N minutes" and "appends N messages" are fixed: people and
programs look for them.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Final

from quant_sessions_provider.core import lifecycle, timestamps
from quant_sessions_provider.core.model import MAX_LIFETIME, Properties, contains_unknown
from quant_sessions_provider.core.text import counted

_WITH_DATE: Final = "%Y-%m-%d %H:%MZ"


def update_sentence(name: str, outputs: Properties, new: Properties, now: datetime) -> str:
    """Tell what an update in place of resource ``name`` sends; nothing that people declared is repeated."""
    changed = lifecycle.changed_inputs(outputs, new)
    sent = [*_put(outputs, new, changed), *_extend(outputs, new, changed, now)]
    kept = _kept(outputs, new, changed, now)
    if not sent:
        unknown = any(contains_unknown(new.get(key)) for key in changed)
        kept += ["what is sent is not known yet" if unknown else "nothing is sent"]
    return f"{name}: {'; '.join([*sent, ', '.join(kept)] if kept else sent)}"


def _put(outputs: Properties, new: Properties, changed: list[str]) -> list[str]:
    parts = []
    if "messages" in changed:
        parts.append(f"appends {counted(len(lifecycle.new_messages(outputs, new) or []), 'message')}")
    if "metadata" in changed:
        parts.append(_metadata(outputs, new))
    if "status" in changed:
        parts.append({"completed": "completes it", "active": "reopens it"}.get(new["status"], "sends its status"))
    return parts


def _metadata(outputs: Properties, new: Properties) -> str:
    dropped = _keys(outputs.get("metadata", {})) - _keys(new.get("metadata", {}))
    if not dropped or contains_unknown(new.get("metadata")):
        return "sends its metadata"
    return (
        f"sends its metadata without {counted(len(dropped), 'key')} (the API does not state whether it drops old ones)"
    )


def _keys(metadata: object) -> set[str]:
    return set(metadata) if isinstance(metadata, dict) else set()


def _extend(outputs: Properties, new: Properties, changed: list[str], now: datetime) -> list[str]:
    if "expiresAt" in changed and contains_unknown(new.get("expiresAt")):
        return ["its expiry is not known yet"]
    minutes, known = lifecycle.extension(outputs, new, now), lifecycle.known_expiry(outputs)
    if not minutes:
        return []
    if not changed and known and known <= now and new["onExpired"] == "error":
        # The one plan in which diff may know that the run will stop, and must not say so (rule 3).
        sure = "" if outputs.get("expired") else " if it is gone"
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


def _kept(outputs: Properties, new: Properties, changed: list[str], now: datetime) -> list[str]:
    """Say until when a session lives whose lifetime or moment moved without a request: the API cannot shorten."""
    granted = timestamps.parse_or_none(outputs.get("grantedExpiresAt")) or lifecycle.known_expiry(outputs)
    moved = [key for key in ("expirationMinutes", "expiresAt") if key in changed]
    if not moved or granted is None or any(contains_unknown(new.get(key)) for key in moved):
        return []
    if lifecycle.extension(outputs, new, now):
        return []
    if new["status"] == "completed":
        return ["it is completed: its expiry stays"]
    if granted <= now:
        return []
    until = _clock(granted, now)
    return [f"cannot be shortened: lives on until {until}" if _lowered(outputs, new) else f"lives until about {until}"]


def _lowered(outputs: Properties, new: Properties) -> bool:
    before, planned = (timestamps.parse_or_none(side.get("expiresAt")) for side in (outputs, new))
    earlier = before is not None and planned is not None and planned < before
    return earlier or lifecycle.raised_by(outputs, new) < 0


def _clock(moment: datetime, now: datetime) -> str:
    """Give the time of day in UTC, with the date where it is not today's."""
    utc = moment.astimezone(timezone.utc)
    return utc.strftime("%H:%MZ" if utc.date() == now.astimezone(timezone.utc).date() else _WITH_DATE)


def end_of_new(new: Properties, now: datetime) -> str:
    """Tell until when a session that is made now would live."""
    if "expirationMinutes" not in new:
        return "the moment that is declared"
    lifetime = new["expirationMinutes"]
    if not isinstance(lifetime, int) or lifetime > MAX_LIFETIME:
        return "a time not known yet"
    return (now + timedelta(minutes=lifetime)).astimezone(timezone.utc).strftime(_WITH_DATE)


def why(new: Properties, replaces: list[str]) -> str:
    """Tell which inputs replace a session; one that is not known yet may turn out as it was."""
    open_ = [key for key in replaces if contains_unknown(new.get(key))]
    sure = [key for key in replaces if key not in open_]
    parts = [(sure, "changed"), (open_, "may change")]
    return ", ".join(f"{', '.join(keys)} {verb}" for keys, verb in parts if keys)


def short_grant(session_id: str, outputs: Properties) -> list[str]:
    """Tell of a session that was granted less than it asked for, in one line; of others nothing."""
    if not lifecycle.granted_less(outputs):
        return []
    asked, granted = outputs["expiresAt"], outputs["grantedExpiresAt"]
    return [f"session {session_id}: asked to live until {asked}, granted until {granted}"]


def expired(session_id: str, outputs: Properties) -> str:
    """Tell of a session that it expired, and when."""
    expiry = lifecycle.known_expiry(outputs)
    return f"session {session_id} expired{f' at {timestamps.render(expiry)}' if expiry else ''}"
