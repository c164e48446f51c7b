"""The stacks of a fleet, and the record of how many there are; Pulumi is a shell script."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest

from quant_sessions_provider.fleet import Fleet, record
from tests.cli.fleet_place import Place

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_another_number_of_shards_is_refused_before_anything_runs(run: Command, place: Place) -> None:
    (place.folder / "shards").write_text("5\n")
    found = run("fleet", "up", str(place.file))
    assert (found.code, found.out) == (1, "")
    assert found.error.startswith("shards: 4 was 5 when fleet support first ran, and never changes: users would move")
    assert place.calls() == []


def test_a_stack_that_is_not_there_is_created_where_there_is_something_to_do(run: Command, place: Place) -> None:
    there = place.folder / "support-0001.there"
    there.unlink()
    assert run("fleet", "destroy", str(place.file), "--yes", "--only", "1").code == 0
    assert not there.exists()
    assert run("fleet", "up", str(place.file), "--only", "1").code == 0
    assert there.exists()


def test_the_stacks_of_a_new_fleet_are_created_first(run: Command, place: Place) -> None:
    place.forget()
    # An earlier try of this run made it.
    place.set(2, "there")
    assert run("fleet", "up", str(place.file)).code == 0
    assert sorted(line[-4:] for line in place.calls()) == ["0000", "0001", "0002", "0003"]
    assert (place.folder / "shards").read_text() == "4\n"


def test_a_number_that_another_run_records_right_now_is_waited_for(
    run: Command, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "_PAUSE", (0, 0))
    (place.folder / "shards").rename(place.folder / "shards-soon")
    (place.folder / "shards-soon").write_text("5\n")
    assert "shards: 4 was 5 when" in run("fleet", "up", str(place.file)).error


def test_a_number_whose_recorder_died_is_recorded_anew(
    run: Command, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "_PAUSE", (0, 0))
    monkeypatch.setattr(record, "_PATIENCE", 0.2)
    place.forget()
    (place.folder / "support.there").touch()
    assert run("fleet", "up", str(place.file)).code == 0
    assert (place.folder / "shards").read_text() == "4\n"


def test_a_number_that_is_recorded_no_more_is_asked_for(
    run: Command, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "_PATIENCE", 0)
    (place.folder / "shards").unlink()
    (place.folder / "support.there").unlink()
    line = (
        "shards: stack support-0000 is there, but the number that the fleet was made with is not recorded any more."
        " Record that one: `pulumi stack tag set fleet:shards NUMBER --stack support`\n"
    )
    # The first run creates the stack that has the tag.
    assert [run("fleet", "up", str(place.file)).error for _ in range(2)] == [line] * 2
    assert place.calls() == []


def test_an_address_of_a_lock_is_told_without_its_password(run: Command, place: Place) -> None:
    owner = f"a@{socket.gethostname()} (pid 9999999)"
    address = "postgres://me:zzy@host/state/.pulumi/locks/x.json"
    locked = f"error: the stack is locked by 1 lock(s).\n  {address}: created by {owner} at 2026-11-26T20:32:53Z\n"
    place.set(1, "locked", locked.replace("is locked", "is currently locked"))
    (place.folder / "support-0001.there").unlink()
    found = run("fleet", "up", str(place.file), "--only", "1")
    assert "delete this lock: postgres://me:***@host/state/.pulumi/locks/x.json" in found.out


def test_a_lock_that_the_creation_of_a_stack_left_is_named(
    run: Command, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "_PATIENCE", 0)
    owner = f"a@{socket.gethostname()} (pid 9999999)"
    dead = f"error: the stack is currently locked by 1 lock(s).\n  file:///x.json: created by {owner} at"
    (place.folder / "support-0001.there").unlink()
    place.set(1, "locked", f"{dead} 2026-11-26T20:32:53Z\n")
    found = run("fleet", "up", str(place.file), "--only", "1")
    assert (found.code, "its creation was killed; delete this lock: file:///x.json" in found.out) == (1, True)
    place.forget()
    (place.folder / "support.locked").write_text(f"{dead} 2026-11-26T20:32:53Z\n")
    found = run("fleet", "up", str(place.file))
    assert found.error.startswith("the fleet's state cannot be used: the stack is currently locked by 1 lock(s).")
    assert found.error.endswith("; if nobody creates it now, delete this lock: file:///x.json\n")


@pytest.mark.parametrize("verb", ["refresh", "destroy", "keep", "status", "timeline"])
def test_what_makes_no_stacks_makes_no_fleet(run: Command, place: Place, verb: str) -> None:
    more = {"destroy": ("--yes",), "timeline": ("--every", "1h")}.get(verb, ())
    (place.folder / "shards").write_text("5\n")
    assert run("fleet", verb, str(place.file), *more).error.startswith("shards: 4 was 5 when fleet support first ran")
    place.forget()
    found = run("fleet", verb, str(place.file), *more)
    assert (found.code, found.error) == (1, "fleet support never ran, as far as its backend knows\n")
    assert list(place.folder.glob("*.there")) == []


@pytest.mark.parametrize("stack", ["support", "support-0000"])
def test_the_creation_of_a_stack_is_not_interrupted(place: Place, stack: str) -> None:
    place.forget()
    (place.folder / f"{stack}.slow").touch()
    begun, go = place.folder / "begun", place.folder / "go"
    # Longer than it takes to notice the request.
    waiting = threading.Timer(2.0, go.touch)

    def ends() -> bool:
        if begun.exists() and not waiting.is_alive() and not go.exists():
            waiting.start()
        return begun.exists()

    (found,) = Fleet.load(place.file).up(shards=[0], ends=ends)
    assert (found.outcome, found.error) == ("interrupted", "interrupted before it was done")
    assert (place.folder / f"{stack}.there").exists()
    assert not (place.folder / "interrupted").exists()
