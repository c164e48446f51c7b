"""Decides what of a preview may run unattended, and compares what ran with it. Pure.

Whether a session is due is decided by the provider's own operations (:mod:`timeline.next_event`), and what a preview
does to it is read as for reviewers (:mod:`report.preview`): there is no second rule here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core.describe import UpdateSentence
from quant_sessions_provider.core.losses import recreation_loss
from quant_sessions_provider.core.model import Key
from quant_sessions_provider.core.text import counted, one_line
from quant_sessions_provider.core.urns import name_of
from quant_sessions_provider.keep.model import Plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from quant_sessions_provider.keep.model import View
    from quant_sessions_provider.report.model import Report, Row

_NO_CHANGE: Final = ("none", "read")
_NO_OTHERS: Final = ("same", "read")
_DEEDS: Final = ("extend", "recreate")
_NOT_DUE: Final = "not due, so that the program must have changed"
_LEFTOVER: Final = "an earlier run could not delete the session that it replaced, and a run would delete that one"


def left_to_a_person(view: View) -> dict[str, str]:
    """Return by URN why a due session waits for a person, where state alone tells."""
    due = {urn: event for urn, event in view.events.items() if event.at <= view.at}
    stopped = {urn: f"a run stops: {event.why}" for urn, event in due.items() if event.kind == "stopped"}
    return dict.fromkeys(due.keys() & view.leftovers, _LEFTOVER) | stopped


def due_in(view: View) -> list[str]:
    """Return the URNs that a run has something to do to now, and that do not wait for a person."""
    waiting = left_to_a_person(view)
    return [urn for urn, event in view.events.items() if event.at <= view.at and urn not in waiting]


def plan(view: View, due: list[str], report: Report) -> Plan:
    """Return what may run of a preview, what waits for a person, and what failed."""
    made, left = Plan(elsewhere=_elsewhere(report)), left_to_a_person(view)
    for row in report.rows:
        if row.action in _NO_CHANGE:
            continue
        if row.urn in left:
            made.waiting[row.urn] = left[row.urn]
        elif row.action == "error":
            made.failed[row.urn] = row.reason
        elif row.urn in due and _may_run(row, view):
            made.run[row.urn] = row
        else:
            made.waiting[row.urn] = _why(row, due=row.urn in due)
    return made


def _may_run(row: Row, view: View) -> bool:
    """Return whether a change is a renewal and nothing else, or a recreation that loses nothing."""
    if row.loss is not None or not set(row.moved) <= {Key.EXPIRES_AT}:
        return False
    if row.action == "extend":
        return UpdateSentence(row.reason).only_extends
    # One that a failed replacement deleted is gone, whatever it held.
    return row.action == "recreate" or (row.action == "create" and view.sessions[row.urn].pending)


def _why(row: Row, *, due: bool = True) -> str:
    parts = [f"{row.action}: {row.reason}" if row.reason else row.action]
    if row.loss is not None:
        parts.append(recreation_loss(row.loss))
    edited = [key for key in row.moved if key != Key.EXPIRES_AT and key not in row.reason]
    if edited:
        parts.append(f"{', '.join(edited)} changed")
    if not due and row.action in _DEEDS:
        parts.append(_NOT_DUE)
    return "; ".join(parts)


def _elsewhere(report: Report) -> str:
    counts = {op: count for op, count in report.others.items() if op not in _NO_OTHERS}
    if not counts:
        return ""
    operations = ", ".join(f"{count} {op}" for op, count in counts.items())
    return f"{counted(sum(counts.values()), 'other resource')}: {one_line(operations)}"


def differences(planned: Mapping[str, Row], ran: Report, still_due: list[str]) -> Iterator[tuple[str, str]]:
    """Yield by URN what a run did that was not previewed, or did not do though it was and still is due."""
    done = {row.urn: row for row in ran.rows if row.action not in (*_NO_CHANGE, "error")}
    for urn, row in done.items():
        if urn not in planned:
            yield urn, f"it was not previewed, but ran: {_why(row)}"
        elif _effect(row) != _effect(planned[urn]):
            yield urn, f"previewed as {_why(planned[urn])}; ran as {_why(row)}"
    failed = {row.urn for row in ran.rows if row.action == "error"}
    for urn in planned.keys() - done.keys() - failed:
        if urn in still_due and not ran.failed:
            yield urn, f"{planned[urn].action} was previewed, but did not run"
    elsewhere = _elsewhere(ran)
    if elsewhere:
        yield "", f"a run of {', '.join(map(name_of, planned))} alone also changed {elsewhere}"


def _effect(row: Row) -> tuple[object, ...]:
    return row.action, row.loss, row.moved, UpdateSentence(row.reason).only_extends
