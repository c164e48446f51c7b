"""Pulumi for a stack of sessions, without an engine and in no time: for tests of the keeper.

Runs do what the timeline foresees. What a program changes is written by hand, as the parts of a preview.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.timeline.next_event import next_events
from quant_sessions_provider.timeline.state import read_sessions
from tests.support.exports import START, state
from tests.support.previews import said

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quant_sessions_provider.timeline.model import Event

Part = dict[str, Any]
ENGINE_SECONDS = 4
"""How long a preview or a run takes."""


class PaperClock:
    """A clock that moves when somebody sleeps, until an end, at which it asks to end."""

    def __init__(self, end: datetime = START + timedelta(days=3)) -> None:
        self.time, self.end = START, end
        self.slept: list[datetime] = []

    @property
    def asked(self) -> bool:
        return self.time >= self.end

    def now(self) -> datetime:
        return self.time

    def sleep(self, until: datetime) -> None:
        assert until >= self.time
        self.slept.append(until)
        self.time = max(self.time, min(until, self.end))


class PaperPulumi:
    """A stack of sessions. ``edits`` replace what a preview says of a session, ``others`` stand in whole previews.

    ``before`` is called at the beginning of each command, with its name, and may raise or change anything.
    """

    def __init__(self, clock: PaperClock, sessions: dict[str, dict[str, Any]]) -> None:
        self.clock, self.document = clock, state(sessions)
        self.edits: dict[str, list[Part]] = {}
        self.others: list[Part] = []
        self.before: Callable[[str], None] = lambda _: None
        self.calls: Counter[str] = Counter()
        self.runs: list[tuple[datetime, dict[str, str]]] = []
        """What each run did: when, and by name."""

    def resource(self, name: str) -> dict[str, Any]:
        """Return a session in state."""
        resources = self.document["deployment"]["resources"]
        (found,) = [each for each in resources if each["urn"].endswith(f"::{name}") and not each.get("delete")]
        return dict(found)

    def urn(self, name: str) -> str:
        return str(self.resource(name)["urn"])

    def lives(self, name: str) -> bool:
        expiry = timestamps.parse(self.resource(name)["outputs"]["grantedExpiresAt"])
        return expiry > self.clock.now()

    def export(self) -> object:
        self._begin("export", 0)
        return self.document

    def preview(self, targets: Sequence[str]) -> object:
        self._begin("preview", ENGINE_SECONDS)
        return _preview([*self._parts(targets), *([] if targets else self.others)])

    def up(self, targets: Sequence[str]) -> object:
        assert targets
        self._begin("up", ENGINE_SECONDS)
        parts = self._parts(targets)
        self.runs.append((self.clock.now(), {n: e.kind for n, e in self._due(targets).items() if n not in self.edits}))
        for name, event in self._due(targets).items():
            if name not in self.edits:
                self._carry_out(name, event)
        return _preview(parts)

    def _begin(self, command: str, seconds: int) -> None:
        self.calls[command] += 1
        self.before(command)
        self.clock.time += timedelta(seconds=seconds)

    def _due(self, targets: Sequence[str]) -> dict[str, Event]:
        sessions, _ = read_sessions(self.document)
        now = self.clock.now()
        events = next_events(sessions, now).items()
        return {
            urn.rpartition("::")[2]: event
            for urn, event in events
            if event.at <= now and (not targets or urn in targets)
        }

    def _parts(self, targets: Sequence[str]) -> list[Part]:
        names = [urn.rpartition("::")[2] for urn in targets] or list(self.edits)
        edited = [part for name in names for part in self.edits.get(name, [])]
        due = self._due(targets).items()
        return edited + [part for name, event in due if name not in self.edits for part in self._step(name, event)]

    def _step(self, name: str, event: Event) -> list[Part]:
        if event.kind == "stopped":
            return [{**said(name, f"error: {event.why}"), "severity": "error", "urn": self.urn(name)}]
        op = {"renewed": "update", "recreated": "replace"}[event.kind]
        clock = "00:00Z"
        sentence = {
            "renewed": f"extends by {event.minutes} minutes, until about {clock}",
            "recreated": f"expired at {clock} and is gone; the new one lives until about {clock}",
        }[event.kind]
        return [change(self, name, op, sentence)]

    def _carry_out(self, name: str, event: Event) -> None:
        resource = self.resource(name)
        minutes = resource["inputs"]["expirationMinutes"]
        asked = timestamps.parse(resource["outputs"]["expiresAt"]) + timedelta(minutes=event.minutes)
        until = asked if event.kind == "renewed" else self.clock.now() + timedelta(minutes=minutes)
        for side in (resource["inputs"], resource["outputs"]):
            side["expiresAt"] = timestamps.render(until)
        resource["outputs"]["grantedExpiresAt"] = timestamps.render(until)


def change(pulumi: PaperPulumi, name: str, op: str, sentence: str, *, moved: Sequence[str] = ("expiresAt",)) -> Part:
    """Return a step, which says a sentence on the session's own line."""
    resource = pulumi.resource(name)
    return {"op": op, "urn": resource["urn"], "oldState": resource, "newState": resource, "diffReasons": [*moved]} | {
        "said": {"urn": resource["urn"], "message": f"{name}: {sentence}\n", "severity": "info"}
    }


def _preview(parts: list[Part]) -> dict[str, Any]:
    steps = [part for part in parts if "op" in part]
    diagnostics = [part for part in parts if "op" not in part] + [step["said"] for step in steps if "said" in step]
    return {"steps": steps, "diagnostics": diagnostics}
