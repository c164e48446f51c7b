"""A model of the engine for one resource. It calls the provider's methods as the real engine does.

It has the observed behaviour of the real engine: check gets old inputs, diff gets old outputs. With `changes=None` it
compares the inputs itself. A replacement is checked a second time without old inputs and created, then the old resource
is deleted. Numbers arrive as floats. Refresh calls diff with the roles reversed.
"""

from __future__ import annotations

import copy
import io
import re
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import Config, ConfigureRequest

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.changes import Change
from quant_sessions_provider.core.describe import update_sentence
from quant_sessions_provider.core.model import same
from quant_sessions_provider.core.state import StoredState
from quant_sessions_provider.dynamic.one_line_errors import SessionError
from quant_sessions_provider.dynamic.properties import from_pulumi
from quant_sessions_provider.provider import SessionProvider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Properties = dict[str, Any]
TIMESTAMPS = ("expiresAt", "grantedExpiresAt", "createdAt", "updatedAt")


def _now() -> datetime:
    return datetime.now(timezone.utc)


class PlanError(Exception):
    """A run failed with an error that the user sees."""


@dataclass
class State:
    """A resource in state."""

    id: str
    inputs: Properties
    outputs: Properties


@dataclass(frozen=True)
class Plan:
    """The result of a preview."""

    op: str
    inputs: Properties
    keys: list[str] = field(default_factory=list)
    sentence: str = ""
    notes: str = ""


class MiniEngine:
    """One stack with at most one session."""

    def __init__(
        self, configuration: dict[str, str], provider: SessionProvider | None = None, now: Callable[[], datetime] = _now
    ) -> None:
        self._configuration, self._now = configuration, now
        self.host(provider or SessionProvider())
        self.state: State | None = None
        self.said = ""
        """Output of the last run while it applied its plan."""
        self.planned = Plan("none", {})
        self.doomed: list[State] = []
        """Replaced sessions that are not deleted yet. The next run tries again."""

    def host(self, provider: SessionProvider) -> None:
        """Start a provider, as each run does."""
        keys = {f"quant-sessions:{key}": value for key, value in self._configuration.items()}
        provider.configure(ConfigureRequest(Config(keys, "project")))
        self._provider = provider

    def preview(self, declared: Properties) -> Plan:
        """Plan without changing anything."""
        self.planned = Plan("none", {})
        self.planned = self._plan(declared)
        return self.planned

    def _plan(self, declared: Properties) -> Plan:
        state = self.state
        inputs = self._check(state.inputs if state else {}, declared)
        if state is None:
            return Plan("create", inputs)
        with _shown() as shown:
            diff = self._provider.diff(state.id, _floats(state.outputs), _floats(inputs))
        if diff.changes is False or (diff.changes is None and same(state.inputs, inputs)):
            return Plan("same", inputs)
        if diff.replaces:
            return Plan("replace", self._check({}, declared), diff.replaces, notes=shown.getvalue())
        sentence = update_sentence(
            "it", Change(StoredState("", from_pulumi(state.outputs)), from_pulumi(inputs)), self._now()
        )
        return Plan("update", inputs, sentence=sentence, notes=shown.getvalue())

    def up(self, declared: Properties, *, replace: bool = False) -> Plan:
        """Plan and apply; ``replace`` is ``--replace`` with the session's URN."""
        plan = Plan("replace", self._check({}, declared), ["--replace"]) if replace else self.preview(declared)
        with _shown() as shown:
            self._apply(plan)
        self.said = shown.getvalue()
        return plan

    def _apply(self, plan: Plan) -> None:
        old = self.state
        if plan.op == "same" and old:
            self.state = State(old.id, plan.inputs, old.outputs)
        elif plan.op == "update" and old:
            result = self._provider.update(old.id, _floats(old.outputs), _floats(plan.inputs))
            self.state = State(old.id, plan.inputs, result.outs or {})
        else:
            created = self._provider.create(_floats(plan.inputs))
            self.state = State(created.id, plan.inputs, created.outs or {})
            self.doomed += [old] if old else []
        self._sweep()

    def _sweep(self) -> None:
        while self.doomed:
            self._provider.delete(self.doomed[0].id, _floats(self.doomed[0].outputs))
            self.doomed.pop(0)

    def refresh(self) -> None:
        """Read, and diff with the roles reversed, as the engine does to show changes."""
        if self.state is None:
            return
        old = self.state
        with _shown():
            read = self._provider.read(old.id, _floats(old.outputs))
            if not read.id:
                self.state = None
                return
            inputs = old.inputs if read.inputs is None else read.inputs
            self.state = State(old.id, copy.deepcopy(inputs), read.outs or {})
            self._provider.diff(old.id, _floats(self.state.outputs), _floats(old.inputs))

    def destroy(self) -> None:
        """Delete the session, and replaced sessions that still exist."""
        with _shown():
            self._sweep()
            if self.state:
                self._provider.delete(self.state.id, _floats(self.state.outputs))
                self.state = None

    def shift(self, seconds: float) -> None:
        """Shift the timestamps in state."""
        if self.state:
            for properties in (self.state.inputs, self.state.outputs):
                shift_timestamps(properties, seconds)

    def accepts(self, declared: Properties) -> bool:
        """Return whether a program passes check."""
        try:
            self._check(self.state.inputs if self.state else {}, declared)
        except PlanError:
            return False
        return True

    def _check(self, old: Properties, declared: Properties) -> Properties:
        result = self._provider.check(_floats(old), _floats(declared))
        if result.failures:
            raise PlanError("; ".join(failure.reason for failure in result.failures))
        return from_pulumi(result.inputs)


def shift_timestamps(properties: Properties, seconds: float) -> None:
    """Shift all timestamps in properties."""
    for key in properties.keys() & set(TIMESTAMPS):
        moved = timestamps.parse(properties[key]) + timedelta(seconds=seconds)
        properties[key] = moved.isoformat().replace("+00:00", "Z")


@contextmanager
def _shown() -> Iterator[io.StringIO]:
    """Capture what the user would see, and turn the provider's errors into ``PlanError``."""
    with redirect_stderr(io.StringIO()) as text:
        try:
            yield text
        except SessionError as error:
            raise PlanError(str(error)) from error


def _floats(value: Any) -> Any:  # noqa: ANN401 - a property value
    """Return a copy with every number as a float, as the engine passes them."""
    if isinstance(value, dict):
        return {key: _floats(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_floats(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def check_sentence(sentence: str, writes: list[dict[str, Any]]) -> None:
    """Assert that the sentence announces exactly the requests that were sent."""
    update = [w["body"] for w in writes if not w["path"].endswith("/extend")]
    extend = [w["body"]["additionalMinutes"] for w in writes if w["path"].endswith("/extend")]
    body = update[0] if update else {}
    assert all(w["method"] == "PUT" and w["status"] == 200 for w in writes)
    assert len(update) <= 1
    assert [int(n) for n in re.findall(r"extends by (\d+) minute", sentence)] == extend
    appended = [int(n) for n in re.findall(r"appends (\d+) message", sentence)]
    # One exception: an appended message that is already live is not sent again.
    assert [len(body["newMessages"]) <= shown for shown in appended] == [True] if "newMessages" in body else True
    assert ("sends its metadata" in sentence) == ("metadata" in body)
    assert ("completes it" in sentence or "reopens it" in sentence) == ("status" in body)
    assert "nothing is sent" not in sentence or not writes
