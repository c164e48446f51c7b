"""What a keeper runs and when, and what it leaves to a person; against a stack without an engine."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest

from quant_sessions_provider.core import timestamps
from tests.support.exports import START
from tests.support.paper_pulumi import PaperPulumi, change
from tests.support.previews import said, step
from tests.unit.keep.kept import BUCKET, EVERY, SESSIONS, Kept


def test_nothing_due_is_one_export_and_the_next_time() -> None:
    kept = Kept().at(30)
    assert kept.keeper.once() == 0
    assert kept.pulumi.calls == {"export": 1}
    (line,) = kept.lines
    assert (line.kind, line.urn, line.due) == ("next", kept.pulumi.urn("desk"), START + timedelta(minutes=45))


def test_what_is_due_runs_alone() -> None:
    kept = Kept().at(50)
    assert kept.keeper.once() == 0
    assert kept.said() == [("renewed", "desk")]
    assert [done for _, done in kept.pulumi.runs] == [{"desk": "renewed"}]
    assert kept.pulumi.calls == {"export": 2, "preview": 1, "up": 1}


def test_a_stack_is_kept_for_a_day_with_the_runs_that_paper_says() -> None:
    kept = Kept(hours=24)
    dead: list[Any] = []
    kept.pulumi.before = lambda _: None if kept.pulumi.lives("desk") else dead.append(kept.clock.now())
    assert kept.keeper.stay() == 0
    done = [name for _, run in kept.pulumi.runs for name in run]
    # Renewed after 45 minutes; some seconds late and by whole minutes, so every 46 minutes from then on.
    renewals = 1 + (24 * 60 - 45) // 46
    assert (done.count("desk"), done.count("orders"), done.count("left")) == (renewals, 5, 0)
    assert not dead
    assert kept.said()[-1] == ("ends", "")
    assert {kind for kind, _ in kept.said()} == {"renewed", "recreated", "ends"}


UNLISTED: Final = (
    "expired at 01:00Z, no longer listed as active: replacing it loses {}; the new one lives until about 02:00Z"
)
WAITING: Final[dict[str, tuple[str, str, list[str], str]]] = {
    "an appended message": (
        "update",
        "appends 1 message; extends by 50 minutes, until about 02:00Z",
        ["expiresAt", "messages"],
        "extend: appends 1 message; extends by 50 minutes, until about 02:00Z; messages changed",
    ),
    "what an earlier run did not get to": (
        "update",
        "appends 1 message; extends by 50 minutes, until about 02:00Z",
        ["expiresAt"],
        "extend: appends 1 message",
    ),
    "another setting": (
        "update",
        "extends by 50 minutes, until about 02:00Z",
        ["expiresAt", "renewBeforeMinutes"],
        "extend: ",
    ),
    "a longer lifetime": (
        "update",
        "extends by 90 minutes, until about 02:00Z",
        ["expirationMinutes", "expiresAt"],
        "",
    ),
    "another user": (
        "replace",
        "userId changed: replacing it loses 4 messages; the new one lives until about 02:00Z",
        ["expiresAt", "userId"],
        "replace: userId changed; replacing it loses 4 messages",
    ),
    "undeclared messages": (
        "replace",
        UNLISTED.format("3 messages"),
        ["expiresAt"],
        "recreate: expired at 01:00Z, no longer listed as active; replacing it loses 3 messages",
    ),
    "messages of an unknown number": (
        "replace",
        UNLISTED.format("an unknown number of messages"),
        ["expiresAt"],
        "recreate: expired at 01:00Z, no longer listed as active; replacing it loses an unknown number of messages",
    ),
    "a recreation with other messages": (
        "replace",
        "expired at 01:00Z and is gone; the new one lives until about 02:00Z",
        ["expiresAt", "messages"],
        "recreate: expired at 01:00Z and is gone; messages changed",
    ),
}


@pytest.mark.parametrize("what", WAITING)
def test_a_session_that_changes_otherwise_waits_and_the_others_are_kept(what: str) -> None:
    op, sentence, moved, why = WAITING[what]
    kept = Kept().at(250)
    kept.pulumi.edits["desk"] = [change(kept.pulumi, "desk", op, sentence, moved=moved)]
    assert kept.keeper.once() == 3
    assert kept.said() == [("waits", "desk"), ("recreated", "orders")]
    assert [done for _, done in kept.pulumi.runs] == [{"orders": "recreated"}]
    assert kept.about("waits", "desk")[0].startswith(why)


def test_an_expired_one_that_holds_only_declared_messages_is_recreated() -> None:
    kept = Kept().at(250)
    sentence = UNLISTED.format("nothing: it holds only declared messages (1 declared one starts again)")
    kept.pulumi.edits["orders"] = [change(kept.pulumi, "orders", "replace", sentence)]
    kept.keeper.once()
    assert ("recreated", "orders") in kept.said()


def test_an_edit_elsewhere_waits_and_is_said_once() -> None:
    kept = Kept(hours=8)
    kept.pulumi.others = [
        {"op": "create", "urn": BUCKET},
        step("create", "fresh"),
        said("fresh", "fresh: lives 60 minutes, until about 02:00Z"),
    ]
    assert kept.keeper.stay() == 0
    assert kept.about("waits", "fresh") == ["create: new; lives 60 minutes"]
    assert kept.about("waits") == ["1 other resource: 1 create"]
    assert len(kept.about("renewed", "desk")) == 10
    # Runs are of targets, as something waits; so they were previewed alone.
    assert kept.pulumi.calls["preview"] == 2 * kept.pulumi.calls["up"]


def test_a_renewal_that_is_not_due_waits() -> None:
    kept = Kept().at(250)
    kept.pulumi.edits["left"] = [change(kept.pulumi, "left", "update", "extends by 60 minutes, until about 02:00Z")]
    assert kept.keeper.once() == 3
    assert kept.about("waits", "left")[0].endswith("not due, so that the program must have changed")


def test_a_program_that_changes_every_session_ends_a_keeper_that_stays_with_3() -> None:
    kept = Kept()
    sentence = "userId changed: replacing it loses 4 messages; the new one lives until about 02:00Z"
    for name in SESSIONS:
        kept.pulumi.edits[name] = [change(kept.pulumi, name, "replace", sentence, moved=["userId"])]
    assert kept.keeper.stay() == 3
    assert kept.said()[-1] == ("ends", "")
    assert {*kept.said()[:-1]} == {("waits", name) for name in SESSIONS}
    assert kept.clock.now() < START + timedelta(minutes=46)
    assert kept.pulumi.calls["up"] == 0


def test_a_session_whose_run_stops_waits_without_a_preview_of_it() -> None:
    kept = Kept({"audit": {"expirationMinutes": 60, "onExpired": "error"}} | SESSIONS).at(250)
    assert kept.keeper.once() == 3
    assert ("waits", "audit") in kept.said()
    assert [done for _, done in kept.pulumi.runs] == [{"desk": "recreated", "orders": "recreated"}]


def test_a_predecessor_that_a_run_would_delete_waits() -> None:
    kept = Kept().at(250)
    kept.pulumi.document["deployment"]["resources"].append({**kept.pulumi.resource("desk"), "delete": True})
    assert kept.keeper.once() == 3
    assert kept.said()[0] == ("waits", "desk")
    assert [done for _, done in kept.pulumi.runs] == [{"orders": "recreated"}]


def test_a_waiting_session_is_looked_at_with_growing_pauses() -> None:
    kept = Kept(hours=24)
    sentence = "metadata changed"
    kept.pulumi.edits["desk"] = [change(kept.pulumi, "desk", "update", sentence, moved=["metadata"])]
    assert kept.keeper.stay() == 0
    assert len(kept.about("waits", "desk")) == 1
    # After 5, 10, 20, 40 and then each 60 minutes it is previewed; and each time that orders is due.
    assert kept.pulumi.calls["preview"] < 60


def test_a_session_that_a_person_brought_up_to_date_is_kept_again_at_once() -> None:
    kept = Kept({"desk": SESSIONS["desk"], "orders": SESSIONS["orders"]}, hours=4)
    kept.pulumi.edits["desk"] = [change(kept.pulumi, "desk", "update", "sends its metadata", moved=["metadata"])]

    def somebody_runs_up(_: str) -> None:
        if kept.clock.now() >= START + timedelta(minutes=50) and kept.pulumi.edits:
            kept.pulumi.edits.clear()
            kept.pulumi.up([kept.pulumi.urn("desk")])

    kept.pulumi.before = somebody_runs_up
    assert kept.keeper.stay() == 0
    assert len(kept.about("renewed", "desk")) == 4


def test_a_waiting_session_whose_state_changed_is_tried_at_the_next_look() -> None:
    kept = Kept({"desk": SESSIONS["desk"], "orders": SESSIONS["orders"]}, hours=3.5)
    kept.pulumi.edits["desk"] = [change(kept.pulumi, "desk", "update", "sends its metadata", moved=["metadata"])]
    edited = START + timedelta(minutes=101)

    def somebody_runs_a_part(_: str) -> None:
        if kept.clock.now() >= edited and kept.pulumi.edits:
            kept.pulumi.edits.clear()
            kept.pulumi.resource("desk")["outputs"]["grantedExpiresAt"] = timestamps.render(START)

    kept.pulumi.before = somebody_runs_a_part
    assert kept.keeper.stay() == 0
    assert kept.pulumi.runs[0][0] - edited < EVERY + timedelta(minutes=1)


def test_what_others_add_is_seen_at_the_next_look() -> None:
    kept = Kept({"orders": SESSIONS["orders"]}, hours=1.5)
    added = PaperPulumi(kept.clock, {"desk": SESSIONS["desk"]}).resource("desk")

    def before(_: str) -> None:
        if kept.clock.now() > START and len(kept.pulumi.document["deployment"]["resources"]) == 1:
            kept.pulumi.document["deployment"]["resources"].append(added)

    kept.pulumi.before = before
    assert kept.keeper.stay() == 0
    (renewal, _) = kept.pulumi.runs[0]
    assert START + timedelta(minutes=45) < renewal < START + timedelta(minutes=46)


def test_times_that_are_secret_are_said_and_the_others_kept() -> None:
    kept = Kept().at(250)
    kept.pulumi.resource("orders")["outputs"]["grantedExpiresAt"] = {
        "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        "ciphertext": "v1:x",
    }
    assert kept.keeper.once() == 0
    assert kept.about("not kept", "orders") == ["grantedExpiresAt is secret"]
    assert [done for _, done in kept.pulumi.runs] == [{"desk": "recreated"}]
