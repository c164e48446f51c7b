"""What ran is compared with what was previewed; and how a signal ends a keeper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from quant_sessions_provider.keep.model import InterruptedRunError, RunError
from tests.support.paper_pulumi import change
from tests.unit.keep.kept import BUCKET, Kept

if TYPE_CHECKING:
    from collections.abc import Callable


def _meanwhile(kept: Kept, edit: Callable[[], None]) -> None:
    kept.pulumi.before = lambda command: edit() if command == "up" else None


def test_a_session_that_ran_otherwise_is_an_alarm() -> None:
    kept = Kept().at(50)
    sentence = "userId changed: replacing it loses 4 messages; the new one lives until about 02:00Z"
    part = change(kept.pulumi, "desk", "replace", sentence, moved=["userId"])
    _meanwhile(kept, lambda: kept.pulumi.edits.update(desk=[part]))
    assert kept.keeper.once() == 1
    (text,) = kept.about("alarm", "desk")
    assert text == (
        "previewed as extend: extends by 51 minutes, until about 00:00Z; ran as replace: userId changed; replacing it"
        " loses 4 messages"
    )


def test_a_keeper_that_stays_ends_with_1_after_an_alarm() -> None:
    kept = Kept()
    part = change(kept.pulumi, "desk", "update", "appends 1 message", moved=["messages"])
    _meanwhile(kept, lambda: kept.pulumi.edits.update(desk=[part]))
    assert kept.keeper.stay() == 1
    assert [kind for kind, _ in kept.said()] == ["alarm", "ends"]


def test_what_was_previewed_and_did_not_run_is_an_alarm() -> None:
    kept = Kept().at(50)
    _meanwhile(kept, lambda: kept.pulumi.edits.update(desk=[]))
    assert kept.keeper.once() == 1
    assert kept.about("alarm", "desk") == ["extend was previewed, but did not run"]


def test_what_ran_beside_the_targets_is_an_alarm() -> None:
    kept = Kept().at(50)
    sentence = "userId changed: replacing it loses 4 messages; the new one lives until about 02:00Z"
    stray = change(kept.pulumi, "orders", "replace", sentence, moved=["userId"])
    whole = change(kept.pulumi, "desk", "update", "extends by 51 minutes, until about 00:00Z")
    _meanwhile(kept, lambda: kept.pulumi.edits.update(desk=[whole, stray, {"op": "delete", "urn": BUCKET}]))
    assert kept.keeper.once() == 1
    assert kept.about("alarm", "orders") == [
        "it was not previewed, but ran: replace: userId changed; replacing it loses 4 messages"
    ]
    assert kept.about("alarm") == ["a run of desk alone also changed 1 other resource: 1 delete"]


def test_a_run_that_would_change_something_beside_its_targets_does_not_run() -> None:
    kept = Kept().at(50)
    bucket = {"op": "update", "urn": BUCKET}
    kept.pulumi.edits["desk"] = [
        change(kept.pulumi, "desk", "update", "extends by 50 minutes, until about 02:00Z"),
        bucket,
    ]
    assert kept.keeper.once() == 3
    assert kept.about("waits", "desk") == ["a run of it alone also changes 1 other resource: 1 update"]
    assert not kept.pulumi.runs


def test_only_the_session_whose_run_would_change_something_else_waits() -> None:
    renewing = {"expirationMinutes": 60, "renewBeforeMinutes": 15}
    kept = Kept({"desk": renewing, "shop": renewing}).at(50)
    whole = change(kept.pulumi, "shop", "update", "extends by 50 minutes, until about 00:00Z")
    kept.pulumi.edits["shop"] = [whole, {"op": "update", "urn": BUCKET}]
    assert kept.keeper.once() == 3
    assert [kind for kind, name in kept.said() if name == "desk"] == ["renewed"]
    assert kept.about("waits", "shop") == ["a run of it alone also changes 1 other resource: 1 update"]


def test_a_session_that_is_only_read_is_not_said() -> None:
    kept = Kept().at(50)
    whole = change(kept.pulumi, "desk", "update", "extends by 50 minutes, until about 00:00Z")
    theirs = change(kept.pulumi, "orders", "read", "")
    kept.pulumi.edits["desk"] = [whole, theirs]
    kept.keeper.once()
    assert kept.about("recreated", "orders") == []


# --- the end --------------------------------------------------------------------------------------------------


def test_a_signal_during_a_preview_runs_nothing() -> None:
    kept = Kept(hours=1).at(50)

    def before(command: str) -> None:
        if command == "preview":
            kept.clock.time = kept.clock.end
            raise InterruptedRunError("interrupted")

    kept.pulumi.before = before
    with pytest.raises(RunError):
        kept.keeper.once()
    assert not kept.pulumi.runs


def test_a_signal_before_the_run_runs_nothing_and_after_it_says_what_ran() -> None:
    early = Kept(hours=50 / 60).at(49.95)
    assert early.keeper.stay() == 0
    assert early.said() == [("ends", "")]
    late = Kept(hours=50 / 60).at(49.9)
    assert late.keeper.stay() == 0
    assert late.said() == [("renewed", "desk"), ("ends", "")]
