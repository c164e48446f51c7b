"""Runs are killed or interrupted with requests in flight. The steps in docs/recovery.md repair the state."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pytest

from quant_sessions_provider.core import timestamps
from tests.acceptance.conftest import ORGANIZATION
from tests.support.killing import UNTIL_KILLED, CliRun, wait_in_flight
from tests.support.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from quant_sessions_provider.emulator.background import When
    from tests.support.emulator_server import Emulator
    from tests.support.killing import Role

UP: Final = ("up", "--yes", "--skip-preview")
FIRST: Final = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"}]
GROWN: Final = [*FIRST, {"role": "assistant", "content": "Hi"}, {"role": "user", "content": "Hi"}]
SLOW: Final[dict[str, Any]] = {"chunkBytes": 64, "pauseMs": 700}
"""A slow response of about two seconds."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> Project:
    project = Project(tmp_path_factory.mktemp("project"), emulator.variables(ORGANIZATION))
    project.init()
    names = ("grows", "grows_too", "extends", "extends_too", "moves", "goes", "goes_too")
    project.declare(**{name: {"messages": FIRST} for name in names})
    project.ok(*UP)
    return project


def _change(project: Project, **sessions: dict[str, Any] | None) -> None:
    """Change declarations. None removes a session."""
    changed = project.declared | sessions
    project.declare(**{name: declared for name, declared in changed.items() if declared is not None})


def _kill_in_flight(project: Project, emulator: Emulator, role: Role, held: Mapping[tuple[str, str], When]) -> str:
    """Run ``up``, and kill a process when all of these requests are in flight. Return the output."""
    emulator.clear()
    for (method, path), when in held.items():
        emulator.fault("slow", when, method=method, path=f"{path}$", **UNTIL_KILLED)
    with project.start(*UP) as run:
        for method, path in held:
            wait_in_flight(emulator, method, path)
        assert run.kill(role)
        assert run.wait() != 0
        printed = run.text
    emulator.clear_faults()
    return printed


def _pending(project: Project) -> list[str]:
    operations = project.export().get("pending_operations") or []
    return [f"{o['type']} {o['resource']['urn'].rsplit('::', 1)[-1]}" for o in operations]


def _orphans(project: Project, emulator: Emulator) -> list[str]:
    """Return the users of sessions that are in no state. Assert that all other sessions are as declared."""
    stored = {session["id"]: session for session in emulator.sessions(ORGANIZATION)}
    assert project.sessions().keys() == project.declared.keys()
    for name, resource in project.sessions().items():
        own, declared = stored.pop(resource["id"]), project.declared[name]
        assert own["userId"] == name
        assert own["messages"] == declared["messages"] == resource["outputs"]["messages"]
        assert own["metadata"] == declared.get("metadata", {})
        granted, asked = (timestamps.parse(resource["outputs"][key]) for key in ("grantedExpiresAt", "expiresAt"))
        assert timestamps.parse(own["expiresAt"]) == granted
        assert round((granted - asked).total_seconds() / 60) >= 0
    assert all(orphan["messages"] == FIRST for orphan in stored.values())
    return sorted(orphan["userId"] for orphan in stored.values())


def _lifetime(project: Project, emulator: Emulator, name: str) -> int:
    """Return the total lifetime that the API granted, in minutes."""
    (own,) = [s for s in emulator.sessions(ORGANIZATION) if s["id"] == project.sessions()[name]["id"]]
    span = timestamps.parse(own["expiresAt"]) - timestamps.parse(own["createdAt"])
    return round(span.total_seconds() / 60)


def test_a_killed_engine_leaves_a_lock_and_pending_operations(project: Project, emulator: Emulator) -> None:
    ids = {name: resource["id"] for name, resource in project.sessions().items()}
    _change(
        project,
        comes={"messages": FIRST},
        grows={"messages": GROWN},
        extends={"messages": FIRST, "expiration_minutes": 90},
        moves={"messages": FIRST, "metadata": {"v": 2}},
    )
    held: dict[tuple[str, str], When] = {
        ("POST", ""): "after",
        ("PUT", ids["grows"]): "before",
        ("PUT", f"{ids['extends']}/extend"): "after",
        ("PUT", ids["moves"]): "before",
    }
    _kill_in_flight(project, emulator, "engine", held)
    refused = project.cli(*UP)
    assert refused.returncode != 0
    assert "the stack is currently locked by 1 lock(s)" in refused.stderr + refused.stdout
    project.ok("cancel", "--yes", "--stack", "main")
    assert sorted(_pending(project)) == ["creating comes", "updating extends", "updating grows", "updating moves"]

    # The warning about the pending creation stays until a refresh with --clear-pending-creates.
    assert "interrupted while creating" in project.ok(*UP)
    assert _pending(project) == ["creating comes"]
    assert _orphans(project, emulator) == ["comes"]
    assert (
        _lifetime(project, emulator, "extends") == 120
    )  # extended twice by 30 minutes: longer than declared, never shorter


def test_a_killed_provider_fails_the_run_and_leaves_no_lock(project: Project, emulator: Emulator) -> None:
    pending, orphans = _pending(project), _orphans(project, emulator)
    ids = {name: resource["id"] for name, resource in project.sessions().items()}
    extended = {"messages": FIRST, "expiration_minutes": 90}
    _change(project, later={"messages": FIRST}, grows_too={"messages": GROWN}, extends_too=extended)
    held: dict[tuple[str, str], When] = {
        ("POST", ""): "before",
        ("PUT", ids["grows_too"]): "after",
        ("PUT", f"{ids['extends_too']}/extend"): "before",
    }
    printed = _kill_in_flight(project, emulator, "provider", held)
    for name in ("later", "grows_too", "extends_too"):
        assert re.search(rf"quant:Session {name} .*error: error reading from server: EOF", printed)
    assert _pending(project) == pending  # the engine knows that these failed

    project.ok(*UP)
    # The creation never took effect.
    assert _orphans(project, emulator) == orphans
    assert _lifetime(project, emulator, "extends_too") == 90


def test_a_refresh_repairs_state_after_a_kill_during_deletion(project: Project, emulator: Emulator) -> None:
    orphans = _orphans(project, emulator)
    ids = {name: resource["id"] for name, resource in project.sessions().items()}
    _change(project, goes=None, goes_too=None)
    held: dict[tuple[str, str], When] = {("DELETE", ids["goes"]): "after", ("DELETE", ids["goes_too"]): "before"}
    _kill_in_flight(project, emulator, "engine", held)
    project.ok("cancel", "--yes", "--stack", "main")
    project.ok("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
    assert _pending(project) == []
    assert "goes" not in project.sessions()
    assert project.sessions()["goes_too"]["id"] == ids["goes_too"]

    project.ok(*UP)
    assert _orphans(project, emulator) == orphans


def test_a_call_in_flight_is_recorded_when_the_language_host_is_killed(project: Project, emulator: Emulator) -> None:
    _end_with_a_creation_in_flight(project, emulator, lambda run: run.kill("language-host"), "made_without_host")


def test_ctrl_c_waits_for_the_call_in_flight_and_records_it(project: Project, emulator: Emulator) -> None:
    _end_with_a_creation_in_flight(project, emulator, CliRun.interrupt, "made_at_last")


def _end_with_a_creation_in_flight(
    project: Project, emulator: Emulator, end: Callable[[CliRun], object], name: str
) -> None:
    """End a run during its only request. Assert that the run fails and that state has the response."""
    pending, orphans = _pending(project), _orphans(project, emulator)
    _change(project, **{name: {"messages": FIRST}})
    emulator.clear()
    emulator.fault("slow", "after", method="POST", **SLOW)
    with project.start(*UP) as run:
        wait_in_flight(emulator, "POST")
        end(run)
        assert run.wait() != 0
    assert (_pending(project), _orphans(project, emulator)) == (pending, orphans)
