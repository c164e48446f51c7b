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


@dataclass
class Ran:
    """What a run did: how many sessions the stack has, the changes of sessions by operation, and its errors.

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
    steps = [event["resourcePreEvent"]["metadata"] for event in events if "resourcePreEvent" in event]
    said = [event["diagnosticEvent"] for event in events if "diagnosticEvent" in event]
    ours = [(step["op"], step["urn"]) for step in steps if type_of(step["urn"]) in SESSION_TYPES]
    found = read_diagnostics(entry | {"urn": entry.get("urn", "")} for entry in said if entry["severity"] == "error")
    of_sessions = [f"{name_of(urn)}: {text}" for urn, texts in found.errors.items() for text in texts]
    return Ran(
        began=bool(steps or found.failed),
        sessions=len({urn for op, urn in ours if op not in _GONE}),
        changes=dict(Counter(op for op, _ in ours if op not in _UNCHANGED)),
        errors=[one_line(text) for text in (*of_sessions, *found.stack_errors)],
        pending=any(_PENDING in entry["message"] for entry in said),
    )


def _parsed(line: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError:
        return {}
    return found
