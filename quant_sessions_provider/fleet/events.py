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
_UNCHANGED: Final = ("same", "read", "refresh")


_Step = tuple[str, str]
"""An operation, and the URN of what it is done to."""


@dataclass
class Ran:
    """What a run did: how many sessions the stack has, the changes of sessions that succeeded, and its errors.

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
    steps = _steps(events, "resourcePreEvent")
    failed = {*_steps(events, "resOpFailedEvent")}
    said = [event["diagnosticEvent"] for event in events if "diagnosticEvent" in event]
    ours = [step for step in steps if type_of(step[1]) in SESSION_TYPES]
    found = read_diagnostics(entry | {"urn": entry.get("urn", "")} for entry in said if entry["severity"] == "error")
    of_sessions = [f"{name_of(urn)}: {text}" for urn, texts in found.errors.items() for text in texts]
    return Ran(
        began=bool(steps or found.failed),
        sessions=len({step[1] for step in ours if _leaves_one(step[0], failed=step in failed)}),
        changes=dict(Counter(step[0] for step in ours if step[0] not in _UNCHANGED and step not in failed)),
        errors=[one_line(text) for text in (*of_sessions, *found.stack_errors)],
        pending=any(_PENDING in entry["message"] for entry in said),
    )


def _steps(events: Iterable[dict[str, Any]], kind: str) -> list[_Step]:
    found = (event[kind]["metadata"] for event in events if kind in event)
    return [(step["op"], step["urn"]) for step in found]


def _leaves_one(op: str, *, failed: bool) -> bool:
    """Return whether there is a session after a step."""
    return not failed if op == "create" else failed or op not in _GONE


def _parsed(line: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError:
        return {}
    return found
