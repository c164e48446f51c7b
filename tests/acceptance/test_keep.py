"""A sample of ``make keep-test``: kept on the real engine, killed during a run, ended by a signal, and edited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.keep.stack import KeptProject, deeds_in, lines_of
from tests.support.killing import wait_until

if TYPE_CHECKING:
    from tests.support.emulator_server import Emulator

SESSIONS: Final[dict[str, dict[str, Any]]] = {
    "desk": {"renew_before_minutes": 15},
    "plugged": {"renew_before_minutes": 15, "native": True},
    "orders": {"expiration_minutes": 50},
    "later": {"expiration_minutes": 600},
}
DUE: Final = {"desk": ["renewed"], "plugged": ["renewed"], "orders": ["recreated"]}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> KeptProject:
    return KeptProject(tmp_path_factory.mktemp("kept"), emulator, SESSIONS)


@pytest.mark.long
def test_a_keeper_that_is_killed_during_a_run_loses_nothing_and_the_next_one_waits_for_that_run(
    project: KeptProject,
) -> None:
    project.pass_time(51)
    before = project.ids()
    project.emulator.faults([], latency_ms=300)
    with project.keep() as run:
        wait_until(lambda: project.locked)
        run.kill("engine")
    code, lines = project.once()
    project.emulator.clear_faults()
    assert (code, lines[-1]["kind"]) == (0, "next")
    # It may have looked before that run, within it, or after it.
    assert {line["kind"] for line in lines[:-1]} <= {"locked", "already done"}
    assert project.done_since(before) == DUE
    assert project.due() == {}


def test_a_keeper_that_sleeps_ends_at_once_by_a_signal(project: KeptProject) -> None:
    with project.keep() as run:
        wait_until(lambda: '"next"' in run.text)
        run.terminate()
        assert run.wait() == 0
    assert [line["kind"] for line in lines_of(run.text)] == ["next", "ends"]


def test_an_edited_program_waits_for_a_person_and_the_rest_is_kept(project: KeptProject) -> None:
    project.pass_time(51)
    before = project.ids()
    edited = SESSIONS | {"desk": {"renew_before_minutes": 15, "user_id": "somebody else"}, "fresh": {}}
    project.declare(**edited)
    code, lines = project.once()
    assert code == 3
    waiting = {line["session"]: line["text"] for line in lines if line["kind"] == "waits"}
    assert waiting == {
        "desk": "replace: userId changed; replacing it loses 1 message",
        "fresh": "create: new; lives 60 minutes",
    }
    assert project.done_since(before) == deeds_in(lines) == {"plugged": ["renewed"], "orders": ["recreated"]}
