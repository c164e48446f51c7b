"""Keeps a stack: sleeps until something is due, previews it, has Pulumi do what may run, and looks at what ran."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.keep.decide import differences, due_in, left_to_a_person
from quant_sessions_provider.keep.model import LockedError, RunError
from quant_sessions_provider.keep.pauses import (
    AFTER_FAILURE,
    FOR_A_PERSON,
    WHILE_LOCKED,
    WHILE_UNREADABLE,
    defer,
    growing,
    is_deferred,
    next_time,
    wake,
)
from quant_sessions_provider.keep.planning import Planner
from quant_sessions_provider.keep.state import view_of
from quant_sessions_provider.report.preview import read
from quant_sessions_provider.timeline.state import InvalidExportError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quant_sessions_provider.keep.lines import Log
    from quant_sessions_provider.keep.model import Clock, Deferred, Engine, LineKind, Pauses, Plan, View
    from quant_sessions_provider.report.model import Report, Row
    from quant_sessions_provider.timeline.model import EventKind

DONE: Final = 0
FAILED: Final = 1
WAITS: Final = 3
LOCK_PATIENCE: Final = timedelta(minutes=10)
"""How long ``once`` waits for a lock; a keeper that stays waits as long as it takes."""

_DUE: Final[dict[EventKind, str]] = {
    "renewed": "is due for renewal",
    "recreated": "is due for recreation",
    "stopped": "makes a run stop",
}


@dataclass
class _Pass:
    """One look at the stack, and what came of it. ``waiting``: the URNs of what was found to wait for a person."""

    view: View
    waiting: set[str] = field(default_factory=set)
    failed: bool = False
    locked: bool = False
    alarm: bool = False

    @property
    def code(self) -> int:
        if self.failed or self.locked or self.alarm:
            return FAILED
        return WAITS if self.waiting else DONE


class Keeper:
    """Keeps one stack. ``longest``: it reads the state at least so often, since others change it too."""

    def __init__(self, engine: Engine, clock: Clock, log: Log, longest: timedelta) -> None:
        self._engine, self._clock, self._log, self._longest = engine, clock, log, longest
        self._planner = Planner(engine, clock)
        self._deferred: dict[str, Deferred] = {}

    def once(self) -> int:
        """Do what is due, and return the exit code.

        Raises:
            RunError: the state cannot be read, or a signal interrupted it before anything was changed.

        """
        end = self._clock.now() + LOCK_PATIENCE
        while True:
            found = self._pass()
            again = wake(found.view, self._deferred, self._longest)
            if not found.locked or again > end or self._clock.asked:
                break
            self._clock.sleep(again)
        self._say_next(found.view)
        return found.code

    def stay(self) -> int:
        """Keep the stack until it is asked to end, or until a person has to act; return the exit code."""
        unread = 0
        while not self._clock.asked:
            try:
                found = self._pass()
            except RunError as error:
                unread += 1
                if not self._clock.asked:
                    self._log.say_once("failed", str(error))
                    self._clock.sleep(self._clock.now() + growing(WHILE_UNREADABLE, unread))
                continue
            unread = 0
            self._log.forget("failed")
            if found.alarm:
                self._log.say("ends", "something ran that was not previewed: a person has to look")
                return FAILED
            if found.waiting and self._all_wait(found):
                self._log.say("ends", "every session that could be kept waits for a person")
                return WAITS
            self._say_next(found.view)
            self._clock.sleep(wake(found.view, self._deferred, self._longest))
        self._log.say("ends", "a signal asked for it")
        return DONE

    def _all_wait(self, found: _Pass) -> bool:
        """Return whether whatever a run has something to do to, now or later, waits for a person."""
        events, deferred = found.view.events, self._deferred
        return bool(events) and all(
            urn in found.waiting or (urn in deferred and deferred[urn].person) for urn in events
        )

    # --- one pass ----------------------------------------------------------------------------------------------

    def _pass(self) -> _Pass:
        found = _Pass(self._look())
        self._leave_to_a_person(found, left_to_a_person(found.view))
        due = [urn for urn in due_in(found.view) if not is_deferred(urn, found.view, self._deferred)]
        if due:
            self._try(found, due)
        return found

    def _look(self) -> View:
        try:
            view = view_of(self._engine.export(), self._clock.now())
        except InvalidExportError as error:
            raise RunError(str(error)) from error
        for urn, why in view.unreadable.items():
            self._log.say_once("not kept", why, urn)
        # One that is due again at once, as after a short grant, is still to be left for a while.
        due = {urn for urn, event in view.events.items() if event.at <= view.at}
        self._deferred = {urn: each for urn, each in self._deferred.items() if urn in due}
        return view

    def _try(self, found: _Pass, due: list[str]) -> None:
        try:
            self._act(found, due)
        except LockedError as error:
            found.locked = True
            self._log.say_once("locked", str(error))
            self._defer(found.view, due, WHILE_LOCKED)
        except RunError as error:
            if self._clock.asked:
                raise
            found.failed = True
            self._log.say("failed", str(error))
            self._defer(found.view, due, AFTER_FAILURE)
        else:
            self._log.forget("locked")

    def _act(self, found: _Pass, due: list[str]) -> None:
        plan = self._planner.plan(found.view, due)
        self._say_what_waits(found, plan)
        ran = self._run(plan) if plan.run else None
        try:
            found.view = self._look()
        except RunError as error:
            self._say_failures(found, {"": str(error)})
        if ran:
            self._compare(found, plan, ran)
        # Whatever is still due is tried again later, for whatever reason.
        left = [urn for urn in due_in(found.view) if urn in due and urn not in plan.waiting]
        self._defer(found.view, left, AFTER_FAILURE)

    def _run(self, plan: Plan) -> Report:
        if self._clock.asked:
            raise RunError("interrupted")
        return read(self._engine.up([*plan.run]), self._clock.now())

    def _compare(self, found: _Pass, plan: Plan, ran: Report) -> None:
        """Say what ran, and what of it was not as previewed."""
        still_due = due_in(found.view)
        odd = dict(differences(plan.run, ran, still_due))
        for urn, what in odd.items():
            self._log.say("alarm", what, urn)
        found.alarm = bool(odd)
        done = {row.urn: row for row in ran.rows if row.action not in ("none", "read", "error")}
        for urn, row in done.items():
            if urn not in odd:
                kind: LineKind = "renewed" if row.action == "extend" else "recreated"
                until = "" if row.action == "extend" else f"; the new one lives until {_time(row)}"
                self._log.say(kind, row.reason + until, urn)
        for urn in plan.run.keys() - done.keys() - odd.keys() - {*still_due}:
            self._log.say("already done", "another run did it", urn)
        failures = {row.urn: row.reason for row in ran.rows if row.action == "error"}
        if ran.errors or (ran.failed and not failures):
            failures[""] = "; ".join(ran.errors) or "the run failed"
        self._say_failures(found, failures)

    # --- what is left ------------------------------------------------------------------------------------------

    def _leave_to_a_person(self, found: _Pass, waiting: Mapping[str, str]) -> None:
        for urn, why in waiting.items():
            self._log.say_once("waits", why, urn)
        found.waiting |= waiting.keys()
        due = [urn for urn in waiting if urn in found.view.events and found.view.events[urn].at <= found.view.at]
        self._defer(found.view, due, FOR_A_PERSON, person=True)

    def _say_what_waits(self, found: _Pass, plan: Plan) -> None:
        elsewhere = {"": plan.elsewhere} if plan.elsewhere else {}
        self._log.forget("waits", but=[*found.waiting, *plan.waiting, *elsewhere])
        self._leave_to_a_person(found, plan.waiting | elsewhere)
        self._say_failures(found, plan.failed)

    def _say_failures(self, found: _Pass, failures: Mapping[str, str]) -> None:
        for urn, why in failures.items():
            self._log.say("failed", why, urn)
        found.failed |= bool(failures)

    def _defer(self, view: View, urns: Iterable[str], pauses: Pauses, *, person: bool = False) -> None:
        for urn in urns:
            session = view.sessions[urn]
            self._deferred[urn] = defer(session, self._deferred.get(urn), self._clock.now(), pauses, person=person)

    def _say_next(self, view: View) -> None:
        found = next_time(view, self._deferred)
        if found is None:
            self._log.say_once("next", "nothing is due, as far as the state tells")
            return
        at, urn = found
        again = "is tried again" if urn in self._deferred else _DUE[view.events[urn].kind]
        self._log.say_once("next", f"{again} at {timestamps.to_minute(at)}", urn, at)


def _time(row: Row) -> str:
    return row.until if isinstance(row.until, str) else timestamps.to_minute(row.until)
