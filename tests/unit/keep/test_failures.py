"""What a keeper does when previews, runs and states fail, and while the stack is locked."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.keep.model import LockedError, RunError
from tests.support.exports import START
from tests.support.previews import said
from tests.unit.keep.kept import BUCKET, SESSIONS, Kept


@pytest.mark.parametrize("command", ["preview", "up"])
def test_a_failed_run_is_tried_again_before_the_expiry(command: str) -> None:
    kept = Kept({"desk": SESSIONS["desk"]}, hours=2)
    kept.failing(command, RunError("503: Service unavailable"), times=8)
    assert kept.keeper.stay() == 0
    assert kept.about("failed") == ["503: Service unavailable"] * 8
    (renewal, _) = (at for at, _ in kept.pulumi.runs)
    assert START + timedelta(minutes=45) < renewal < START + timedelta(minutes=60)


def test_pauses_after_failures_grow_and_tries_come_close_before_the_expiry() -> None:
    kept = Kept({"desk": SESSIONS["desk"]}, hours=2)
    tries: list[float] = []

    def before(command: str) -> None:
        if command == "preview":
            tries.append((kept.clock.now() - START) / timedelta(minutes=1))
            raise RunError("no network")

    kept.pulumi.before = before
    kept.keeper.stay()
    assert tries[:5] == [45, 45.25, 45.75, 46.75, 48.75]
    assert [at for at in tries if 58 < at < 60], tries
    # From the expiry on there is no hurry.
    assert len([at for at in tries if at > 60]) <= 8


@pytest.mark.parametrize("command", ["export", "preview", "up"])
def test_once_ends_with_1_if_pulumi_fails(command: str) -> None:
    kept = Kept().at(250)
    kept.failing(command, RunError("passphrase must be set"))
    if command == "export":
        with pytest.raises(RunError, match="passphrase must be set"):
            kept.keeper.once()
    else:
        assert kept.keeper.once() == 1
        assert kept.about("failed") == ["passphrase must be set"]
    assert not kept.pulumi.runs


def test_a_state_that_cannot_be_read_does_not_end_a_keeper_that_stays() -> None:
    kept = Kept({"desk": SESSIONS["desk"]}, hours=2)
    kept.failing("export", RunError("no network"), times=3)
    assert kept.keeper.stay() == 0
    assert kept.about("failed") == ["no network"]
    assert len(kept.about("renewed", "desk")) == 2


def test_a_session_that_fails_does_not_keep_the_others_from_it() -> None:
    kept = Kept().at(250)
    broken = {**said("desk", "error: 503: Service unavailable"), "severity": "error", "urn": kept.pulumi.urn("desk")}
    kept.pulumi.edits["desk"] = [broken]
    assert kept.keeper.once() == 1
    assert ("failed", "desk") in kept.said()
    assert [done for _, done in kept.pulumi.runs] == [{"orders": "recreated"}]


def test_what_else_fails_waits_and_the_sessions_are_kept() -> None:
    kept = Kept().at(250)
    broken = {
        "severity": "error",
        "urn": BUCKET,
        "message": "error: denied",
    }
    kept.pulumi.others = [broken]
    assert kept.keeper.once() == 3
    assert kept.about("waits") == ["the preview fails: logs: denied"]
    assert [done for _, done in kept.pulumi.runs] == [{"desk": "recreated", "orders": "recreated"}]


def test_a_session_that_is_not_due_and_fails_waits() -> None:
    kept = Kept().at(250)
    broken = {**said("fresh", "error: userId: must be a non-empty string"), "severity": "error"}
    kept.pulumi.others = [broken]
    assert kept.keeper.once() == 3
    assert kept.about("waits", "fresh") == ["the preview fails: userId: must be a non-empty string"]


def test_a_program_that_fails_runs_nothing_and_its_output_is_not_repeated() -> None:
    kept = Kept().at(250)
    broken = {"severity": "error", "message": "error: Program failed\nTraceback: what somebody declared"}
    for name in ("desk", "orders"):
        kept.pulumi.edits[name] = [broken]
    assert kept.keeper.once() == 1
    assert {*kept.about("failed")} == {"Program failed; Program failed"}
    assert not kept.pulumi.runs


def test_a_session_that_is_due_again_at_once_is_renewed_with_growing_pauses() -> None:
    kept = Kept({"desk": SESSIONS["desk"]}, hours=3)

    def grant_little(command: str) -> None:
        if command == "export":
            outputs = kept.pulumi.resource("desk")["outputs"]
            outputs["grantedExpiresAt"] = timestamps.render(kept.clock.now() + timedelta(minutes=5))

    kept.pulumi.before = grant_little
    assert kept.keeper.stay() == 0
    assert kept.pulumi.calls["up"] < 90
    assert not kept.about("alarm", "desk")


def test_a_state_that_cannot_be_read_after_a_run_does_not_hide_what_ran() -> None:
    kept = Kept().at(50)

    def before(command: str) -> None:
        if command == "export" and kept.pulumi.runs:
            raise RunError("no network")

    kept.pulumi.before = before
    assert kept.keeper.once() == 1
    assert kept.said() == [("failed", ""), ("renewed", "desk")]


def test_a_held_lock_is_waited_for() -> None:
    kept = Kept().at(50)
    kept.failing("up", LockedError("the stack is currently locked by 1 lock(s)"), times=3)
    assert kept.keeper.once() == 0
    assert kept.said() == [("locked", ""), ("renewed", "desk")]
    assert [late.total_seconds() for late in _between(kept.clock.slept)] == [10 + 4, 20 + 4]


def test_a_lock_that_is_never_released_ends_once_with_1_after_ten_minutes() -> None:
    kept = Kept().at(50)
    kept.failing("up", LockedError("locked"), times=1000)
    assert kept.keeper.once() == 1
    assert timedelta(minutes=9) < kept.clock.now() - START - timedelta(minutes=50) < timedelta(minutes=11)
    assert not kept.pulumi.runs


def test_what_another_keeper_did_meanwhile_is_no_alarm() -> None:
    kept = Kept().at(50)
    other = kept.pulumi.urn("desk")

    def before(command: str) -> None:
        if command == "up" and not kept.pulumi.runs:
            kept.pulumi.before = lambda _: None
            kept.pulumi.up([other])

    kept.pulumi.before = before
    assert kept.keeper.once() == 0
    assert kept.said() == [("already done", "desk")]


def _between(times: list[Any]) -> list[timedelta]:
    return [later - earlier for earlier, later in pairwise(times)]
