"""Reads the engine's own log of a run: what it did to sessions, and what went wrong. Pure."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.core.text import one_line
from quant_sessions_provider.core.urns import SESSION_TYPES, name_of, type_of
from quant_sessions_provider.report.diagnostics import read_diagnostics

if TYPE_CHECKING:
    from collections.abc import Iterable

_PENDING: Final = "pending operations from previous deployment"
_GONE: Final = ("delete", "delete-replaced", "discard", "discard-replaced", "read-discard")
_MADE: Final = ("create", "import")
_UNCHANGED: Final = ("same", "read", "refresh")


_Step = tuple[str, str]
"""An operation, and the URN of what it is done to."""


@dataclass
class Ran:
    """What a run did: how many sessions the stack has, the changes of sessions that succeeded, and its errors.

    What was begun and has no end in the log, as in that of a run that was killed, counts as not done.
    ``began``: the engine did, or says why not. ``pending``: the state has operations of an earlier run that was killed.
    """

    began: bool = False
    sessions: int = 0
    changes: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    pending: bool = False


def read_events(lines: Iterable[str]) -> Ran:
    """Return what a log says; a last line that was cut off is left out."""
    events = [event for event in map(_parsed, lines) if event]
    begun, done = _steps(events, "resourcePreEvent"), _steps(events, "resOutputsEvent")
    said = [event["diagnosticEvent"] for event in events if "diagnosticEvent" in event]
    ours = [step for step in done if type_of(step[1]) in SESSION_TYPES]
    ended = {urn for _, urn in ours}
    open_ = [(op, urn) for op, urn in begun if type_of(urn) in SESSION_TYPES and urn not in ended]
    found = read_diagnostics(entry | {"urn": entry.get("urn", "")} for entry in said if entry["severity"] == "error")
    of_sessions = [f"{name_of(urn)}: {text}" for urn, texts in found.errors.items() for text in texts]
    return Ran(
        began=bool(begun or found.failed),
        sessions=len({urn for op, urn in ours if op not in _GONE} | {urn for op, urn in open_ if op not in _MADE}),
        changes=dict(Counter(op for op, _ in ours if op not in _UNCHANGED)),
        errors=[one_line(text) for text in (*of_sessions, *found.stack_errors)],
        pending=any(_PENDING in entry["message"] for entry in said),
    )


def _steps(events: Iterable[dict[str, Any]], kind: str) -> list[_Step]:
    found = (event[kind]["metadata"] for event in events if kind in event)
    return [(step["op"], step["urn"]) for step in found]


def _parsed(line: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError:
        return {}
    return found
