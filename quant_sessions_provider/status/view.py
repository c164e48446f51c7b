"""What every form of a status shows of a session, remarks below, and all of it as JSON."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.losses import recreation_loss
from quant_sessions_provider.core.model import Key
from quant_sessions_provider.core.state import Expiry
from quant_sessions_provider.core.text import counted
from quant_sessions_provider.status.model import HIDDEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quant_sessions_provider.status.model import Row, StackSession, Status
    from quant_sessions_provider.timeline.model import Event

_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
_VERBS: Final = {"renewed": "renews", "recreated": "recreates", "stopped": "stops"}
_NAMED: Final = 3
"""Names before a remark; of the rest it has the number."""
_GONE: Final = "gone before its expiry: `pulumi refresh` drops it from state, then `pulumi up` creates it again"


def title(status: Status) -> str:
    """Return one line that counts the sessions by how they are."""
    lives = Counter(row.seen.life for row in status.rows)
    counts = ", ".join(f"{count} {life}" for life, count in lives.most_common())
    asked = "" if status.asked else ", as its state has it; the API was not asked"
    group = common_group(status.rows)
    where = f"stack {status.stack}{f', group {group}' if group else ''}" if status.stack else "an empty stack"
    what = f"{counted(len(status.rows), 'session')} of {where}, {timestamps.to_minute(status.at)}{asked}"
    return f"{what}: {counts}" if counts else what


def names(rows: Sequence[Row]) -> list[str]:
    """Return the names of sessions; those that are not unique have the start of the session's id."""
    times = Counter(row.session.name for row in rows)
    return [
        f"{row.session.name} ({row.session.id[:8]})" if times[row.session.name] > 1 else row.session.name
        for row in rows
    ]


def common_group(rows: Sequence[Row]) -> str | None:
    """Return the group that all sessions are in, as it may be shown; None if there is no such group."""
    groups = {row.session.group.shown for row in rows}
    # Two secrets may differ.
    return groups.pop() if len(groups) == 1 and HIDDEN not in groups else None


def owners(rows: Sequence[Row]) -> list[str]:
    """Return the users of sessions; each with its group, unless all are in the same one."""
    common = common_group(rows)
    return [joined(row.session.user.shown, None if common else row.session.group.shown) for row in rows]


def joined(*parts: str | None) -> str:
    """Return the parts that there are, with a stroke between them."""
    return "/".join(part for part in parts if part)


def expiry(session: StackSession) -> datetime | None:
    """Return until when a session lives as far as that is known, and may be shown."""
    return Expiry.of(session.outputs).known if session.times and session.shows_times else None


def minutes_left(row: Row, now: datetime) -> int | None:
    """Return the whole minutes until a session's expiry; 0 past it, None where none are left to count."""
    until = expiry(row.session)
    if until is None or row.seen.life == "gone":
        return None
    return 0 if row.seen.life == "expired" else max((until - now) // _MINUTE, 0)


def fraction_left(row: Row, now: datetime) -> float | None:
    """Return how much of its lifetime a session has left, from 0 to 1; None where that is not known."""
    left, until = minutes_left(row, now), expiry(row.session)
    if left is None or until is None:
        return None
    lifetime = row.session.outputs.get(Key.EXPIRATION_MINUTES)
    created = timestamps.parse_or_none(row.session.outputs.get(Key.CREATED_AT)) or now
    whole = lifetime if isinstance(lifetime, int) else (until - created) / _MINUTE
    return min(left / whole, 1) if whole > 0 else 0


def near(time: datetime, now: datetime) -> str:
    """Return a time of day in UTC; a date for one that is more than a day away."""
    return timestamps.to_minute(time)[11:] if abs(time - now) < _DAY else f"{time.astimezone(timezone.utc):%Y-%m-%d}"


def until(session: StackSession, now: datetime) -> str:
    """Return until when a session lives, in words."""
    time = expiry(session)
    if time is not None:
        return near(time, now)
    return "?" if session.shows_times else HIDDEN


def next_run(row: Row, now: datetime) -> str:
    """Return what the next `pulumi up` that does anything does, and from when on."""
    if row.session.role == "pending deletion":
        return "deletes now"
    if row.session.times is None or not row.session.shows_times:
        return "?"
    if row.next is None:
        return "-"
    verb = "creates" if row.session.times.pending else _VERBS[row.next.kind]
    return f"{verb} {'now' if row.next.at <= now else near(row.next.at, now)}"


def messages(row: Row) -> str:
    """Return the number of declared messages and of live ones: - for a session without any, ? for what is not known."""
    declared, live = declared_messages(row), row.seen.messages
    none = "-" if row.seen.life in ("expired", "gone") else "?"
    return f"{'?' if declared is None else declared}/{none if live is None else live}"


def declared_messages(row: Row) -> int | None:
    """Return the number of declared messages; None where they are secret."""
    declared = row.session.outputs.get(Key.MESSAGES, [])
    return len(declared) if isinstance(declared, list) else None


def remarks(status: Status) -> list[str]:
    """Return lines to show below: why sessions are unknown, what runs stop for, and what a recreation loses."""
    by_text: dict[str, list[str]] = {}
    for row, name in zip(status.rows, names(status.rows), strict=True):
        for text in map(partial(_about_it, row), _remarks(row, status.at)):
            by_text.setdefault(text, []).append(name)
    return [f"{_listed(found)}: {text}" for text, found in by_text.items()]


def _about_it(row: Row, text: str) -> str:
    """Return a remark without the session's id and name, so that equal ones of several sessions are shown once."""
    return text.replace(f"session {row.session.id}", "it").replace(f"session {row.session.name}", "it")


def _remarks(row: Row, now: datetime) -> Iterable[str]:
    seen, hidden = row.seen, row.session.hidden
    due = row.next if row.next and row.next.at <= now else None
    if seen.why and seen.why != hidden:
        yield seen.why
    if hidden:
        yield f"{hidden}, so what comes next is not known"
    if seen.life == "gone" and not due:
        yield _GONE
    if due and due.kind == "stopped":
        yield f"the run stops: {due.why}" if row.session.shows_times else "the run stops"
    if due and due.kind == "recreated" and seen.loss and not seen.loss.is_none:
        yield recreation_loss(seen.loss)


def _listed(found: Sequence[str]) -> str:
    more = len(found) - _NAMED
    return ", ".join(found[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def as_json(status: Status) -> dict[str, Any]:
    """Return all of it as plain values; timestamps are RFC 3339."""
    return {
        "stack": status.stack or None,
        "at": timestamps.render(status.at),
        "asked": status.asked,
        "sessions": [_entry(row, status.at) for row in status.rows],
        "notes": remarks(status),
    }


def _entry(row: Row, now: datetime) -> dict[str, Any]:
    session, time = row.session, expiry(row.session)
    return {
        "name": session.name,
        "urn": session.urn,
        "id": session.id,
        "user": session.user.shown,
        "group": session.group.shown,
        "pendingDeletion": session.role == "pending deletion",
        "status": row.seen.life,
        "why": row.seen.why or None,
        "expiresAt": timestamps.render(time) if time else None,
        "minutesLeft": minutes_left(row, now),
        "messages": {"declared": declared_messages(row), "live": row.seen.messages},
        "next": _event(row.next) if session.shows_times else None,
    }


def _event(event: Event | None) -> dict[str, Any] | None:
    if event is None:
        return None
    return {
        "at": timestamps.render(event.at),
        "kind": event.kind,
        "minutes": event.minutes or None,
        "why": event.why or None,
    }
