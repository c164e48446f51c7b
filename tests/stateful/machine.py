"""The state machine: the rules about edits, and those about what a plan cannot know or must leave alone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import note, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test
from pulumi.output import UNKNOWN

from quant_sessions_provider.core import timestamps
from tests.stateful.rules import Rules
from tests.support.mini_engine import PlanError, as_constructed

if TYPE_CHECKING:
    from tests.stateful.choices import Combination, HostClass
    from tests.support.emulator_server import Emulator

_COSTLY = ("create", "replace")
_FILLED_IN = ("expiresAt", "organization", "onExpired", "status")
_EXPIRY = ("expiresAt", "expirationMinutes", "renewBeforeMinutes")


class Machine(Rules):
    """Everything that a user may do."""

    @rule(key=st.sampled_from((*_EXPIRY, "onExpired", "status", "messages", "metadata", "userId")))
    def a_plan_does_not_know(self, key: str) -> None:
        """Unknown means the worst: what turns out as it was ends no session that the plan would have kept."""
        declared = {name: value for name, value in self.declared.items() if name not in _EXPIRY}
        if key in _EXPIRY:
            declared |= {"expirationMinutes": UNKNOWN} if key == "renewBeforeMinutes" else {}
        else:
            declared = self.declared
        try:
            announced = self.engine.preview({**declared, key: UNKNOWN}).op
        except PlanError as error:
            note(f"refused: {error}")
            return
        session = self.engine.state.id if self.engine.state else ""
        self.run_up()
        assert announced in _COSTLY or not session or self._id == session, announced

    @rule(minutes=st.sampled_from((0, 20, 59, 61)), paths=st.sampled_from((["expiresAt"], ["*"], ['["expiresAt"]'])))
    def an_ignored_expiry_stays(self, minutes: int, paths: list[str]) -> None:
        """With nothing edited and the expiry ignored, a run has nothing to do, whatever was granted."""
        if self.engine.state is None or self.engine.state.half_done or not self._is_applied():
            return
        self.time_passes(minutes)
        self.engine.ignore_changes = paths
        self.emulator.clear()
        plan = self.engine.up(self.declared)
        assert (plan.op, self.emulator.requests(clear=True)) == ("same", [])
        self.engine.ignore_changes = []
        self.run_up()

    def _is_applied(self) -> bool:
        """Return whether the last run applied the program, as one that failed did not."""
        assert self.engine.state
        inputs, declared = self.engine.state.inputs, as_constructed(self.declared)
        own = {key for key in inputs if key not in _FILLED_IN}
        return own <= declared.keys() and all(inputs.get(key) == value for key, value in declared.items())

    @precondition(lambda self: self.world.live())
    @rule(later=st.sampled_from((-10, 0, 10)), completed=st.booleans())
    def its_plan_is_declared_by_hand(self, later: int, *, completed: bool) -> None:
        """The planned expiry, or one near it, is declared by hand: state has no lifetime that nobody declared."""
        if completed:
            self._declare({"status": "completed"})
        if self.engine.state is None or not self.world.live():
            return
        planned = timestamps.parse(self.engine.state.inputs["expiresAt"]) + timedelta(minutes=later)
        self._declare({"expiresAt": timestamps.render(planned)})


def run_sequences(  # noqa: PLR0913 - what is tried, and how long
    emulator: Emulator,
    combination: Combination,
    host: HostClass,
    examples: int,
    *,
    number: int = 0,
    steps: int = 25,
) -> None:
    """Run ``examples`` sequences of some steps on a host under a combination. ``number`` is the seed."""
    Machine.emulator, Machine.combination, Machine.host = emulator, combination, host
    chosen = settings(max_examples=examples, stateful_step_count=steps, deadline=None)
    run_state_machine_as_test(seed(number)(Machine), settings=chosen)
