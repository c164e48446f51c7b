"""A state machine for all properties: program edits, time, conversations, lost sessions, refresh.

It calls the provider's methods as the engine does, against the emulator, under any combination of the behaviours that
the API's description leaves open.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.ageing import aged
from quant_sessions_provider.core.model import MAX_EXTENSION, REPLACING
from tests.stateful import refusals, verdicts
from tests.stateful.edits import EDITS, LONGER, MESSAGES
from tests.stateful.world import World
from tests.support.mini_engine import PlanError

if TYPE_CHECKING:
    from tests.stateful.choices import Combination, HostClass
    from tests.support.emulator_server import Emulator
    from tests.support.mini_engine import Plan


class Rules(RuleBasedStateMachine):
    """A program, its stack and the API: edits, time, conversations, lost sessions, refresh."""

    emulator: Emulator
    combination: Combination
    host: HostClass

    @initialize(
        skew=st.sampled_from((0, 0, 600, -600)),
        grant=st.sampled_from((0, 0, 0, 0, -40, -16, 16, 60)),
        replaces_after_refusal=st.booleans(),
    )
    def begin(self, skew: int, grant: int, *, replaces_after_refusal: bool) -> None:
        self.world = World(self.emulator, self.combination, self.host, skew=skew, grant=grant)
        self.engine = self.world.engine
        self.replaces_after_refusal = replaces_after_refusal
        """Whether the user replaces the session after a refusal, or reverts the edit."""
        self.declared: dict[str, Any] = {"userId": "u1"}
        self.expiry_is_open = grant != 0
        """Whether the session may have another expiry than planned."""
        self.run_up()

    # --- what users do ---------------------------------------------------------------------------------

    @rule(data=st.data(), keys=st.lists(st.sampled_from(sorted(EDITS)), min_size=1, max_size=3, unique=True))
    def edit(self, data: st.DataObject, keys: list[str]) -> None:
        self._declare({key: data.draw(EDITS[key], label=key) for key in keys})

    @rule(longer=st.sampled_from(LONGER))
    def live_longer(self, longer: dict[str, Any]) -> None:
        self._declare(longer)

    def _declare(self, moved: dict[str, Any]) -> None:
        before = dict(self.declared)
        for key, value in moved.items():
            self._set(key, value)
        try:
            self.engine.preview(self.declared)
        except PlanError as error:
            note(f"refused: {error}")
            assert refusals.plan_may_fail(str(error), self.world, self.declared), error  # noqa: PT017 - one of several ends of a run
            self.declared = before
            return
        self.run_up()

    def _set(self, key: str, value: Any) -> None:  # noqa: ANN401 - any property
        if key == "expiresAt":
            # If it is set to an earlier time, the session keeps its later expiry.
            self.expiry_is_open = True
            self.declared.pop("expirationMinutes", None)
            self.declared.pop("renewBeforeMinutes", None)
            if isinstance(value, int):
                value = timestamps.render(datetime.now(timezone.utc) + timedelta(minutes=value))
        elif key in ("expirationMinutes", "renewBeforeMinutes"):
            self.declared.pop("expiresAt", None)
        if value is None:
            self.declared.pop(key, None)
        else:
            self.declared[key] = value

    @rule()
    def up_again(self) -> None:
        self.run_up()

    @rule(minutes=st.sampled_from((1, 4, 5, 20, 31, 59, 61, 300, 1441)))
    def time_passes(self, minutes: int) -> None:
        self.world.pass_time(60 * minutes)
        self.declared = aged(self.declared, timedelta(minutes=minutes))

    @precondition(lambda self: self.world.live())
    @rule(left=st.sampled_from((1, 3, 14, 25, 50)))
    def its_end_comes_near(self, left: int) -> None:
        ends = timestamps.parse(self.world.stored()[self._id]["expiresAt"]) - self.world.skew
        minutes = (ends - datetime.now(timezone.utc)) // timedelta(minutes=1) - left
        if minutes > 0:
            self.time_passes(minutes)

    @rule()
    def refresh(self) -> None:
        was_live, readable, past = self.world.live(), self.world.readable(), self.world.past()
        planned = self.world.planned(self.declared)
        self.engine.refresh()
        assert (self.engine.state is not None) == (readable or past)
        if self.engine.state:
            assert self.world.outputs["expired"] is not readable
        if was_live:
            assert self.world.planned(self.declared) == planned

    @precondition(lambda self: self.world.live())
    @rule(messages=MESSAGES.filter(bool))
    def converse(self, messages: list[Any]) -> None:
        self.emulator.append(self.world.organization, self._id, messages)

    @precondition(lambda self: self.world.live())
    @rule(content=st.sampled_from("abc"))
    def an_append_takes_effect_unseen(self, content: str) -> None:
        """Append as a lost response or a killed run does: the API has the message, state does not."""
        session, message = self._id, {"role": "user", "content": content}
        if self.world.hides_messages() and message in self.declared.get("messages", []):
            # The one that is shown may be either; it counts as the earlier one, and the new one is sent.
            return
        self.emulator.append(self.world.organization, session, [message])
        self.declared["messages"] = [*self.declared.get("messages", []), message]
        count = self._message_count(session)
        self.run_up()
        assert self._message_count(session) in (count, None)

    def _message_count(self, session: str) -> int | None:
        stored = self.world.stored().get(session)
        return len(stored["messages"]) if stored else None

    @precondition(lambda self: self.world.live())
    @rule(messages=MESSAGES)
    def the_api_shows_other_messages(self, messages: list[Any]) -> None:
        """Messages never drift: a refresh moves none, and nothing is planned for them."""
        self.emulator.tamper(self.world.organization, self._id, messages)
        assert self.engine.state
        before = self.engine.state.inputs.get("messages")
        self.engine.refresh()
        assert self.engine.state is None or self.engine.state.inputs.get("messages") == before
        assert "messages" not in self.engine.preview(self.declared).keys
        self.emulator.tamper(self.world.organization, self._id, before or [])
        self.run_up()

    @precondition(lambda self: self.world.live())
    @rule()
    def lose(self) -> None:
        self._delete_by_hand()
        self.engine.refresh()
        refusals.set_later(self.declared)
        self.run_up()

    @precondition(lambda self: self.world.live())
    @rule(value=st.integers(0, 9), later=st.sampled_from((20, 300)), refreshed=st.booleans())
    def an_update_gets_half_through(self, value: int, later: int, *, refreshed: bool) -> None:
        """The first request takes effect, the extension does not: state has the one, and the other alone is planned."""
        self.declared["metadata"] = {"half": value}
        if "expiresAt" not in self.declared:
            self.declared["expirationMinutes"] = min(self.declared.get("expirationMinutes", 60) + later, MAX_EXTENSION)
        session = self._id
        with self.world.failing(path="/extend$"):
            self.run_up()
        self._settle_half_done(session, "extends by", "sends its metadata", refreshed=refreshed)

    @rule(refreshed=st.booleans())
    def a_creation_gets_half_through(self, *, refreshed: bool) -> None:
        """The session is made, and not completed: state has it, and completing it alone is planned."""
        self.engine.destroy()
        refusals.set_later(self.declared)
        self.declared["status"] = "completed"
        with self.world.failing(method="PUT"):
            self.run_up()
        self._settle_half_done(self._id, "completes it", "extends by", refreshed=refreshed)

    def _settle_half_done(self, session: str, planned: str, applied: str, *, refreshed: bool) -> None:
        if self.engine.state and self.engine.state.half_done:
            if refreshed:
                self.engine.refresh()
            plan = self.engine.preview(self.declared)
            assert (plan.op, planned in plan.sentence, applied in plan.sentence) == ("update", True, False), plan
            self.run_up()
            # An API that refuses the extension is answered by a replacement.
            assert self._id == session or self.world.has(cap="refuse")

    @rule(twice=st.booleans())
    def destroy(self, *, twice: bool) -> None:
        destroyed = self.engine.state.id if self.engine.state else ""
        if twice and self.world.live():
            self._delete_by_hand()
        readable = self.world.readable()
        self.engine.destroy()
        assert self.world.alive() == []
        assert not readable or destroyed not in self.world.stored()
        refusals.set_later(self.declared)
        self.run_up()

    def _delete_by_hand(self) -> None:
        self.emulator.delete(self.world.organization, self._id)

    @property
    def _id(self) -> str:
        assert self.engine.state
        return self.engine.state.id

    # --- a run and its checks --------------------------------------------------------------------------------

    def run_up(self) -> None:
        old, live = self.engine.state, self.world.live()
        try:
            self._up()
        except PlanError as error:
            text = str(error)
            note(f"failed: {text}")
            assert refusals.run_may_fail(text, self.world, self.declared, live=live), error  # noqa: PT017 - one of several ends of a run
            assert self.engine.state is old or (self.engine.state and self.engine.state.half_done)
            if text.endswith(refusals.REPLACE_HINT):
                self._follow(text)

    def _follow(self, text: str) -> None:
        """Do what the error says. It must help."""
        if refusals.GONE in text:
            self.engine.refresh()
            if self.engine.state is None:
                refusals.set_later(self.declared)
                self._up()
                return
        elif not self.replaces_after_refusal and self.engine.state:
            refusals.revert(text, self.declared, self.engine.state)
            try:
                self._up()
            except PlanError as error:
                # The planned expiry has passed, but the session is alive: an extension is due, and it is refused.
                assert refusals.BEYOND_A_DAY in str(error), error  # noqa: PT017 - one of several ends of a run
            else:
                return
        refusals.set_later(self.declared)
        self._up(replace=True)

    def _up(self, *, replace: bool = False) -> None:
        old, live, stored = self.engine.state, self.world.live(), self.world.stored()
        self.emulator.clear()
        plan = self.engine.up(self.declared, replace=replace)
        sent = self.emulator.requests(clear=True)
        note(f"{plan.op} {plan.keys} {plan.sentence} {[(r['method'], r['path'][-8:], r['body']) for r in sent]}")
        assert self.engine.state
        if plan.op == "replace" and live and not replace:
            assert set(plan.keys) & {*REPLACING, "messages"}
        if old and plan.op in ("same", "update"):
            assert self.engine.state.id == old.id
        verdicts.shown_is_sent(plan, sent, self.world)
        verdicts.a_short_grant_is_reported(self.world, plan, sent)
        if old:
            verdicts.dropped_keys_are_reported(plan, old, self.declared)
        verdicts.inputs_are_those_declared(self.engine.state, self.declared)
        if plan.op in ("create", "replace"):
            self.expiry_is_open = self.world.grant != 0
        self._check_session(plan, stored.get(self.engine.state.id, {}))
        verdicts.a_second_plan_is_empty(self.world, self.declared)

    def _check_session(self, plan: Plan, before: dict[str, Any]) -> None:
        active = self.declared.get("status", "active") == "active"
        if active and self.declared.get("onExpired", "recreate") != "ignore" and "expiresAt" not in self.declared:
            assert self.world.live() or (self.world.ends_soon() and plan.op == "same"), "it exists after a run"
        if not self.world.live():
            return
        verdicts.the_api_has_the_declared_values(self.world, self.declared, before.get("metadata", {}))
        verdicts.state_has_the_expiry(self.world)
        # One extension is at most a day. Counted from now, that may be less than planned. Rounding up may add a minute.
        ahead = timestamps.parse(self.world.outputs["expiresAt"]) - datetime.now(timezone.utc)
        self.expiry_is_open |= self.world.has(extendFrom="now") and ahead > timedelta(minutes=MAX_EXTENSION + 1)
        if not self.expiry_is_open:
            verdicts.the_expiry_is_as_planned(self.world)

    @invariant()
    def at_most_one_session_exists(self) -> None:
        if hasattr(self, "world"):
            assert len(self.world.alive()) <= 1
