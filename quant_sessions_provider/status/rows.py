"""Brings together what state plans, what was seen, and what the next run will do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.status.model import Row, Status
from quant_sessions_provider.status.observe import by_state
from quant_sessions_provider.status.state import read_stack, stack_name
from quant_sessions_provider.timeline.next_event import next_events

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from quant_sessions_provider.status.model import Life, Seen, StackSession
    from quant_sessions_provider.status.observe import Observer
    from quant_sessions_provider.timeline.model import ExportedSession

_LIVES: Final[dict[Life, bool | None]] = {
    "alive": True,
    "completed": True,
    "expired": False,
    "gone": False,
    "unknown": None,
}


def status_of(document: object, observer: Observer | None, clock: Callable[[], datetime]) -> Status:
    """Return the status of an exported stack at the end of a look; without an observer, as its state alone has it.

    Sessions that the program only reads are left out: no run does anything to them.

    Raises:
        InvalidExportError: the document is not an export.

    """
    sessions = [session for session in read_stack(document) if session.role != "read"]
    looked = observer.look(sessions, clock) if observer else None
    now = clock()
    seen = [by_state(session, now) for session in sessions] if looked is None else looked
    return Status(stack_name(document), now, observer is not None, rows(sessions, seen, now))


def rows(sessions: Sequence[StackSession], seen: Sequence[Seen], now: datetime) -> list[Row]:
    """Return one row a session, with what the next `pulumi up` that does anything will do to it."""
    pairs = list(zip(sessions, seen, strict=True))
    events = next_events(list(_runs_decide(pairs)), now)
    return [
        Row(session, view, events.get(session.urn) if session.role == "declared" else None) for session, view in pairs
    ]


def _runs_decide(pairs: Iterable[tuple[StackSession, Seen]]) -> Iterable[ExportedSession]:
    """Yield the sessions that a run may renew or recreate, each as it was seen."""
    for session, seen in pairs:
        if session.role == "declared" and session.times:
            yield replace(session.times, lives=_LIVES[seen.life])
