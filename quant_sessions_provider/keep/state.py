"""Reads from an exported stack what a keeper decides by. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from quant_sessions_provider.keep.model import View
from quant_sessions_provider.timeline.model import ExportedSession
from quant_sessions_provider.timeline.next_event import next_events
from quant_sessions_provider.timeline.state import read_times, reading_export, sessions_in

if TYPE_CHECKING:
    from datetime import datetime


def view_of(document: object, now: datetime) -> View:
    """Return what is to be kept of an exported stack, and when a run next has something to do to it.

    Raises:
        InvalidExportError: the document is not an export.

    """
    with reading_export():
        found = sessions_in(document)
        times = {each["urn"]: read_times(each) for each in found if not each.get("external") and not each.get("delete")}
        leftovers = frozenset(each["urn"] for each in found if each.get("delete"))
    sessions = {urn: each for urn, each in times.items() if isinstance(each, ExportedSession)}
    unreadable = {urn: each.reason for urn, each in times.items() if not isinstance(each, ExportedSession)}
    return View(now, sessions, next_events([*sessions.values()], now), leftovers, unreadable)


def later(view: View, now: datetime) -> View:
    """Return the same stack at a later time."""
    return replace(view, at=now, events=next_events([*view.sessions.values()], now))
