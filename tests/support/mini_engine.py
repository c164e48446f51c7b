"""A model of the engine for one resource. It calls a host, the dynamic one or the plugin, as the real engine does.

It has the observed behaviour of the real engine: check gets old inputs, diff gets old outputs. With `changes=None` it
compares the inputs itself. A replacement is checked a second time without old inputs and created, then the old resource
is deleted. Refresh calls diff with the roles reversed. What got half through is kept with the planned inputs, and
updated by the next run whatever diff says, until a refresh. A preview also asks what creating and updating would do.
"""

from __future__ import annotations

import copy
import io
import re
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from quant_sessions_provider.core.ageing import aged
from quant_sessions_provider.core.model import DEFAULT_LIFETIME, same
from tests.support.mini_host import AbortedError, Properties, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.mini_host import Host


class PlanError(Exception):
    """A run failed with an error that the user sees."""


@dataclass(frozen=True)
class Plan:
    """The result of a preview."""

    op: str
    inputs: Properties
    keys: list[str] = field(default_factory=list)
    sentence: str = ""

    def saying(self, more: str) -> Plan:
        """Return the plan with more that was said about it."""
        return replace(self, sentence=self.sentence + more)


class MiniEngine:
    """One stack with at most one session."""

    def __init__(self, host: Host) -> None:
        self._host = host
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

    def preview(self, declared: Properties) -> Plan:
        """Plan without changing anything."""
        plan = self._plan(declared)
        with _shown() as shown:
            if plan.op in ("create", "replace"):
                self._host.create(plan.inputs, preview=True)
            elif plan.op == "update" and self.state:
                self._host.update(self.state, plan.inputs, self.ignore_changes, preview=True)
        self.planned = plan.saying(shown.getvalue())
        return self.planned

    def _plan(self, declared: Properties) -> Plan:
        self.planned = Plan("none", {})
        self._host.begin()
        self.planned = self._compared(declared)
        return self.planned

    def _compared(self, declared: Properties) -> Plan:
        state = self.state
        inputs = self._check(state.inputs if state else {}, self._with_ignored(declared))
        if state is None:
            return Plan("create", inputs, sentence=self._announced)
        with _shown() as shown:
            diff = self._host.diff(state, inputs, self.ignore_changes)
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

    def up(self, declared: Properties, *, replace: bool = False) -> Plan:
        """Plan and apply; ``replace`` is ``--replace`` with the session's URN."""
        plan = self._replaced(declared) if replace else self._plan(declared)
        with _shown() as shown:
            self._apply(plan)
        self.said = shown.getvalue()
        return plan.saying(self.said)

    def _replaced(self, declared: Properties) -> Plan:
        self._host.begin()
        return Plan("replace", self._check({}, declared), ["--replace"])

    def _apply(self, plan: Plan) -> None:
        old = self.state
        if plan.op == "same" and old:
            self.state = State(old.id, plan.inputs, old.outputs)
        elif plan.op == "update" and old:
            with self._keeping(plan):
                self.state = self._host.update(old, plan.inputs, self.ignore_changes)
        else:
            with self._keeping(plan):
                self.state = self._host.create(plan.inputs)
            self.doomed += [old] if old else []
        self._sweep()

    @contextmanager
    def _keeping(self, plan: Plan) -> Iterator[None]:
        old = self.state
        try:
            yield
        except AbortedError as error:
            kept = error.kept
            if kept:
                self.doomed += [old] if old and old.id != kept.id else []
                self.state = State(kept.id, kept.inputs or plan.inputs, kept.outputs, half_done=True)
            raise

    def _sweep(self) -> None:
        while self.doomed:
            self._host.delete(self.doomed[0])
            self.doomed.pop(0)

    def refresh(self) -> None:
        """Read, and diff with the roles reversed, as the engine does to show changes."""
        if self.state is None:
            return
        self._host.begin()
        old = self.state
        with _shown() as shown:
            self.state = copy.deepcopy(self._host.read(old))
            if self.state:
                self._host.diff(self.state, old.inputs, self.ignore_changes)
                assert not shown.getvalue()

    def destroy(self) -> None:
        """Delete the session, and replaced sessions that still exist."""
        self._host.begin()
        with _shown():
            self._sweep()
            if self.state:
                self._host.delete(self.state)
                self.state = None

    def shift(self, seconds: float) -> None:
        """Shift the timestamps in state."""
        if self.state:
            by = timedelta(seconds=-seconds)
            self.state = replace(self.state, inputs=aged(self.state.inputs, by), outputs=aged(self.state.outputs, by))

    def accepts(self, declared: Properties) -> bool:
        """Return whether a program passes check."""
        self._host.begin()
        try:
            self._check(self.state.inputs if self.state else {}, declared)
        except PlanError:
            return False
        return True

    def _check(self, old: Properties, declared: Properties) -> Properties:
        with _shown() as shown:
            inputs, failures = self._host.check(old, as_constructed(declared))
        self._announced = shown.getvalue()
        if failures:
            raise PlanError("; ".join(failures))
        return inputs


def as_constructed(declared: Properties) -> Properties:
    """Return the declared properties as the constructor sends them."""
    return declared if "expiresAt" in declared else {"expirationMinutes": DEFAULT_LIFETIME} | declared


@contextmanager
def _shown() -> Iterator[io.StringIO]:
    """Capture what the user would see, and turn the provider's errors into ``PlanError``."""
    with redirect_stderr(io.StringIO()) as text:
        try:
            yield text
        except AbortedError as error:
            raise PlanError(str(error)) from error


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
