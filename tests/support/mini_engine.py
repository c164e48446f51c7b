"""A model of the engine for one resource. It calls the provider's methods as the real engine does.

It has the observed behaviour of the real engine: check gets old inputs, diff gets old outputs. With `changes=None` it
compares the inputs itself. A replacement is checked a second time without old inputs and created, then the old resource
is deleted. Numbers arrive as floats. Refresh calls diff with the roles reversed. What got half through is kept with the
planned inputs, and updated by the next run whatever diff says, until a refresh.
"""

from __future__ import annotations

import copy
import io
import re
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from pulumi.dynamic import Config, ConfigureRequest
from pulumi.runtime.proto import provider_pb2

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.model import DEFAULT_LIFETIME, same
from quant_sessions_provider.dynamic.properties import from_pulumi
from quant_sessions_provider.provider import SessionProvider
from tests.support.mini_host import AbortedError, MiniHost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pulumi.dynamic import DiffResult

Properties = dict[str, Any]
_URN: Final = "urn:pulumi:stack::project::pulumi-python:dynamic/quant:Session::it"
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
    half_done: bool = False


@dataclass(frozen=True)
class Plan:
    """The result of a preview."""

    op: str
    inputs: Properties
    keys: list[str] = field(default_factory=list)
    sentence: str = ""


class MiniEngine:
    """One stack with at most one session."""

    def __init__(
        self, configuration: dict[str, str], provider: SessionProvider | None = None, now: Callable[[], datetime] = _now
    ) -> None:
        self._configuration, self._now, self._host = configuration, now, MiniHost()
        self.host(provider or SessionProvider())
        self.state: State | None = None
        self.said = ""
        """Output of the last run while it applied its plan."""
        self.planned = Plan("none", {})
        self.ignore_changes: list[str] = []
        """The option: property names, ``*``, or paths that name a whole property."""
        self._announced = ""
        """What the last check said."""
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
        inputs = self._check(state.inputs if state else {}, self._with_ignored(declared))
        if state is None:
            return Plan("create", inputs, sentence=self._announced)
        with _shown() as shown:
            diff = self._diff(state, state.outputs, inputs)
        moved = diff.changes or (diff.changes is None and not same(state.inputs, inputs))
        if not moved and not state.half_done:
            return Plan("same", inputs)
        if moved and diff.replaces:
            inputs = self._check({}, declared)
            # What a replacement does is in the line of its diff.
            assert not self._announced
            return Plan("replace", inputs, diff.replaces, shown.getvalue())
        return Plan("update", inputs, sentence=shown.getvalue())

    def _with_ignored(self, declared: Properties) -> Properties:
        """Return the declared properties with the old values of those that are ignored."""
        if self.state is None:
            return declared
        old, new = self.state.inputs, as_constructed(declared)
        names = {path.strip('[]"') for path in self.ignore_changes}
        ignored = old.keys() | new.keys() if "*" in names else names
        return {key: value for key, value in new.items() if key not in ignored} | {
            key: old[key] for key in ignored if key in old
        }

    def _diff(self, state: State, outputs: Properties, inputs: Properties) -> DiffResult:
        request = provider_pb2.DiffRequest(
            urn=_URN, old_inputs=_struct(state.inputs), ignoreChanges=self.ignore_changes
        )
        return self._host.call(request, lambda: self._provider.diff(state.id, _floats(outputs), _floats(inputs)))

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
            self._update(old, plan)
        else:
            self._create(plan)
            self.doomed += [old] if old else []
        self._sweep()

    def _update(self, old: State, plan: Plan) -> None:
        request = provider_pb2.UpdateRequest(urn=_URN, news=_REFERENCE, ignoreChanges=self.ignore_changes)
        with self._keeping(plan):
            verb = self._provider.update
            result = self._host.call(request, lambda: verb(old.id, _floats(old.outputs), _floats(plan.inputs)))
            self.state = State(old.id, plan.inputs, result.outs or {})

    def _create(self, plan: Plan) -> None:
        request = provider_pb2.CreateRequest(urn=_URN, properties=_REFERENCE)
        with self._keeping(plan):
            created = self._host.call(request, lambda: self._provider.create(_floats(plan.inputs)))
            self.state = State(created.id, plan.inputs, created.outs or {})

    @contextmanager
    def _keeping(self, plan: Plan) -> Iterator[None]:
        old = self.state
        try:
            yield
        except AbortedError as error:
            if error.kept:
                session_id, outputs = error.kept
                self.doomed += [old] if old and old.id != session_id else []
                self.state = State(session_id, plan.inputs, outputs, half_done=True)
            raise

    def _sweep(self) -> None:
        while self.doomed:
            self._delete(self.doomed[0])
            self.doomed.pop(0)

    def _delete(self, state: State) -> None:
        request = provider_pb2.DeleteRequest(urn=_URN)
        self._host.call(request, lambda: self._provider.delete(state.id, _floats(state.outputs)))

    def refresh(self) -> None:
        """Read, and diff with the roles reversed, as the engine does to show changes."""
        if self.state is None:
            return
        old = self.state
        with _shown() as shown:
            request = provider_pb2.ReadRequest(urn=_URN)
            read = self._host.call(request, lambda: self._provider.read(old.id, _floats(old.outputs)))
            if not read.id:
                self.state = None
                return
            inputs = old.inputs if read.inputs is None else read.inputs
            self.state = State(old.id, copy.deepcopy(inputs), read.outs or {})
            self._diff(self.state, self.state.outputs, old.inputs)
            assert not shown.getvalue()

    def destroy(self) -> None:
        """Delete the session, and replaced sessions that still exist."""
        with _shown():
            self._sweep()
            if self.state:
                self._delete(self.state)
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
        request = provider_pb2.CheckRequest(urn=_URN)
        verb = self._provider.check
        with _shown() as shown:
            result = self._host.call(request, lambda: verb(_floats(old), _floats(as_constructed(declared))))
        self._announced = shown.getvalue()
        if result.failures:
            raise PlanError("; ".join(failure.reason for failure in result.failures))
        return from_pulumi(result.inputs)


def as_constructed(declared: Properties) -> Properties:
    """Return the declared properties as the constructor sends them."""
    return declared if "expiresAt" in declared else {"expirationMinutes": DEFAULT_LIFETIME} | declared


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
        except AbortedError as error:
            raise PlanError(str(error)) from error


def _struct(properties: Properties) -> Any:  # noqa: ANN401 - protobuf has no types of its own
    struct = provider_pb2.CheckRequest().news
    struct.update(properties)
    return struct


_REFERENCE: Final = _struct({"__provider": "pickled"})


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
    assert all(w["method"] == "PUT" and w["status"] in (200, 204) for w in writes)
    assert len(update) <= 1
    assert [int(n) for n in re.findall(r"extends by (\d+) minute", sentence)] == extend
    appended = [int(n) for n in re.findall(r"appends (\d+) message", sentence)]
    # One exception: an appended message that is already live is not sent again.
    assert [len(body["newMessages"]) <= shown for shown in appended] == [True] if "newMessages" in body else True
    assert ("sends its metadata" in sentence) == ("metadata" in body)
    assert ("completes it" in sentence or "reopens it" in sentence) == ("status" in body)
    assert "nothing is sent" not in sentence or not writes
