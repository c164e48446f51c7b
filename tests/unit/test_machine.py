"""One state machine for the whole property table: program edits, time, run-time messages, loss, refresh.

It drives the provider's own methods as the engine does, against the emulator.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

from hypothesis import note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from quant_sessions_provider import instants, lifecycle
from quant_sessions_provider.model import REPLACING
from tests.emulator_server import Emulator
from tests.mini_engine import MiniEngine, Plan, PlanError, check_sentence, shift_moments

SLACK = timedelta(minutes=1)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(("system", "user", "assistant")), "content": st.sampled_from("abc")}
    ),
    max_size=4,
)
METADATA = st.dictionaries(
    st.sampled_from(("user_id", "teamName", "ключ")),
    st.sampled_from((1, 2.5, True, "x", [1, "y"], {"a": {"b": 2**53}})),
    max_size=2,
)
EDITS: dict[str, st.SearchStrategy[Any]] = {
    "userId": st.sampled_from(("u1", "u2")),
    "sessionGroup": st.sampled_from((None, "g1", "g2")),
    "expirationMinutes": st.sampled_from((None, 5, 30, 60, 61, 240, 1440)),
    "expiresAt": st.sampled_from((6, 45, 200, 1439)),
    "renewBeforeMinutes": st.sampled_from((None, 1, 4, 29, 59)),
    "onExpired": st.sampled_from(("recreate", "ignore", "error")),
    "status": st.sampled_from(("active", "completed")),
    "messages": st.none() | MESSAGES,
    "metadata": st.none() | METADATA,
}


class Machine(RuleBasedStateMachine):
    """A program, its stack, and the API behind them."""

    emulator: Emulator

    @initialize(skew=st.sampled_from((0, 0, 600, -600)), grant=st.sampled_from((0, 0, -40, -16, 16, 60)))
    def begin(self, skew: int, grant: int) -> None:
        self.emulator.behave(grantOffsetMinutes=grant)
        self.grant = grant
        self.organization = uuid4().hex
        self.emulator.http.put(f"{self.emulator.url}/_emulator/clock", json={"offsetSeconds": skew}).raise_for_status()
        self.skew = timedelta(seconds=skew)
        self.engine = MiniEngine(
            {
                "bearer": self.emulator.token,
                "organization": self.organization,
                "baseUrl": self.emulator.url,
                "baseDelayMs": "0",
            }
        )
        self.declared: dict[str, Any] = {"userId": "u1"}
        self.by_hand = False
        """Whether a moment was set by hand, which may have left the session a longer life than is asked for."""
        self.run_up()

    # --- what people do --------------------------------------------------------------------------------

    @rule(data=st.data(), keys=st.lists(st.sampled_from(sorted(EDITS)), min_size=1, max_size=3, unique=True))
    def edit(self, data: st.DataObject, keys: list[str]) -> None:
        before = dict(self.declared)
        for key in keys:
            self._set(key, data.draw(EDITS[key], label=key))
        try:
            self.engine.preview(self.declared)
        except PlanError as error:
            note(f"refused: {error}")
            assert self._may_be_refused(str(error)), error  # noqa: PT017 - one of several ends of a run
            self.declared = before
            return
        self.run_up()

    def _set(self, key: str, value: Any) -> None:  # noqa: ANN401 - any property
        if key == "expiresAt":
            self.by_hand = True
            self.declared.pop("expirationMinutes", None)
            self.declared.pop("renewBeforeMinutes", None)
            value = instants.render(datetime.now(timezone.utc) + timedelta(minutes=value))
        elif key in ("expirationMinutes", "renewBeforeMinutes"):
            self.declared.pop("expiresAt", None)
        if value is None:
            self.declared.pop(key, None)
        else:
            self.declared[key] = value

    def _may_be_refused(self, text: str) -> bool:
        if "renewBeforeMinutes" in text:
            return True
        if "expiresAt" in text:
            return "expiresAt" in self.declared
        return self._past() and "onExpired is error" in text

    @rule()
    def up_again(self) -> None:
        self.run_up()

    @rule(minutes=st.sampled_from((1, 4, 5, 20, 31, 59, 61, 300, 1441)))
    def time_passes(self, minutes: int) -> None:
        seconds = -60 * minutes
        self.engine.shift(seconds)
        self.emulator.shift(seconds)
        shift_moments(self.declared, seconds)

    @rule()
    def refresh(self) -> None:
        was_live, past = self._live(), self._past()
        self.engine.refresh()
        assert (self.engine.state is not None) == (was_live or past)
        if self.engine.state:
            assert self.engine.state.outputs["expired"] is not was_live

    @precondition(lambda self: self._live())
    @rule(messages=MESSAGES.filter(bool))
    def converse(self, messages: list[Any]) -> None:
        assert self.engine.state
        self.emulator.append(self.organization, self.engine.state.id, messages)

    @precondition(lambda self: self._live())
    @rule(content=st.sampled_from("abc"))
    def an_append_takes_effect_unseen(self, content: str) -> None:
        """What a lost answer or a killed run leaves: the API has the message, state has not."""
        assert self.engine.state
        session, message = self.engine.state.id, {"role": "user", "content": content}
        self.emulator.append(self.organization, session, [message])
        self.declared["messages"] = [*self.declared.get("messages", []), message]
        count = self._message_count(session)
        self.run_up()
        assert self._message_count(session) == count

    def _message_count(self, session: str) -> int:
        return sum(len(stored["messages"]) for stored in self._stored() if stored["id"] == session)

    @precondition(lambda self: self._live())
    @rule(messages=MESSAGES)
    def tamper(self, messages: list[Any]) -> None:
        assert self.engine.state
        self.emulator.tamper(self.organization, self.engine.state.id, messages)
        self.engine.refresh()
        self.run_up()

    @precondition(lambda self: self._live())
    @rule()
    def lose(self) -> None:
        assert self.engine.state
        self.emulator.api("DELETE", self.organization, f"/{self.engine.state.id}").raise_for_status()
        self.engine.refresh()
        self.run_up_or_moment_passed()

    @rule()
    def destroy(self) -> None:
        self.engine.destroy()
        assert self._alive() == []
        self.run_up_or_moment_passed()

    def run_up_or_moment_passed(self) -> None:
        """Create anew; a moment set by hand may have passed, and must then be set later."""
        if "expiresAt" in self.declared:
            self.declared["expiresAt"] = instants.render(datetime.now(timezone.utc) + timedelta(minutes=60))
        self.run_up()

    # --- a run, and what must hold of it ---------------------------------------------------------------------

    def run_up(self) -> None:
        old, live = self.engine.state, self._live()
        self.emulator.clear()
        try:
            plan = self.engine.up(self.declared)
        except PlanError as error:
            note(f"failed: {error}")
            refused = self._may_be_refused(str(error)) or "`pulumi refresh`" in str(error)
            # A replacement of a living session, too, must wait until a moment set by hand lies far enough ahead.
            assert refused and (not live or "expiresAt" in str(error)), error  # noqa: PT017, PT018 - one end of several
            return
        sent = self.emulator.requests(clear=True)
        note(f"{plan.op} {plan.keys} {plan.sentence} {[(r['method'], r['path'][-8:], r['body']) for r in sent]}")
        if plan.op == "replace" and live:
            assert set(plan.keys) & {*REPLACING, "messages"}
        if old and plan.op in ("same", "update"):
            assert self.engine.state
            assert self.engine.state.id == old.id
        self._shown_is_sent(plan, sent)
        self._the_api_holds_what_is_declared(plan)
        self._a_second_plan_is_empty()

    def _shown_is_sent(self, plan: Plan, sent: list[dict[str, Any]]) -> None:
        writes = [request for request in sent if request["method"] != "GET"]
        if plan.op == "same":
            assert sent == []
        elif plan.op == "create":
            assert [w["method"] for w in writes] == ["POST"] + ["PUT"] * (plan.inputs["status"] == "completed")
        elif plan.op == "update":
            check_sentence(plan.sentence, writes)

    def _ends_soon(self) -> bool:
        """Tell whether the session's end is so near that a skewed clock, or a grant within tolerance, hides it."""
        known = lifecycle.known_expiry(self.engine.state.outputs) if self.engine.state else None
        return known is not None and known - datetime.now(timezone.utc) < lifecycle.GRANT_TOLERANCE + abs(self.skew)

    def _the_api_holds_what_is_declared(self, plan: Plan) -> None:
        assert self.engine.state
        stored = [s for s in self._stored() if s["id"] == self.engine.state.id]
        active = self.declared.get("status", "active") == "active"
        if active and self.declared.get("onExpired", "recreate") != "ignore" and "expiresAt" not in self.declared:
            assert self._live() or (self._ends_soon() and plan.op == "same"), "it is there after a run"
        if not self._live():
            return
        (session,) = stored
        assert session["userId"] == self.declared["userId"]
        assert session.get("sessionGroup") == self.declared.get("sessionGroup")
        assert session["metadata"] == self.declared.get("metadata", {})
        assert session["status"] == self.declared.get("status", "active")
        assert lifecycle.occur_in_order(self.declared.get("messages", []), session["messages"])
        self._lives_as_long_as_state_says(session)

    def _lives_as_long_as_state_says(self, session: dict[str, Any]) -> None:
        assert self.engine.state
        granted = instants.parse(self.engine.state.outputs["grantedExpiresAt"])
        assert abs(instants.parse(session["expiresAt"]) - granted) < SLACK
        known = lifecycle.known_expiry(self.engine.state.outputs)
        assert known is not None
        assert abs(instants.parse(session["expiresAt"]) - known) < lifecycle.GRANT_TOLERANCE + SLACK
        if self.grant == 0 and not self.by_hand:
            asked = instants.parse(self.engine.state.outputs["expiresAt"])
            assert abs(instants.parse(session["expiresAt"]) - self.skew - asked) < timedelta(seconds=90)

    def _a_second_plan_is_empty(self) -> None:
        plan = self.engine.preview(self.declared)
        asked = self.emulator.requests(clear=True)
        if self.grant >= 0:
            assert (plan.op, asked) == ("same", [])
        else:
            # Less was granted than asked, so that a renewal may be due at once; never a replacement.
            assert plan.op in ("same", "update")

    @invariant()
    def at_most_one_session_exists(self) -> None:
        if hasattr(self, "engine"):
            assert len(self._alive()) <= 1

    def _stored(self) -> list[dict[str, Any]]:
        return self.emulator.sessions(self.organization)

    def _past(self) -> bool:
        return self.engine.state is not None and lifecycle.lies_in_past(
            self.engine.state.outputs, datetime.now(timezone.utc)
        )

    def _alive(self) -> list[str]:
        there = datetime.now(timezone.utc) + self.skew
        return [session["id"] for session in self._stored() if instants.parse(session["expiresAt"]) > there]

    def _live(self) -> bool:
        return self.engine.state is not None and self.engine.state.id in self._alive()


EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "40"))
"""Sequences to try; ``make machine`` tries many."""


def test_machine() -> None:
    with Emulator() as emulator:
        Machine.emulator = emulator
        run_state_machine_as_test(
            Machine, settings=settings(max_examples=EXAMPLES, stateful_step_count=25, deadline=None)
        )
