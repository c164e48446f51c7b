"""Commands of the CLI with a program on disk: saved plans, moving state, importing."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.conftest import ORGANIZATION
from tests.support.project import Project

if TYPE_CHECKING:
    import subprocess

    from tests.support.emulator_server import Emulator
    from tests.support.service import Service


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, service: Service) -> Project:
    project = Project(tmp_path_factory.mktemp("project"), service.variables(ORGANIZATION))
    project.init("other")
    project.init()
    project.declare(raised={}, moves={"metadata": {"v": 1}})
    project.ok("up", "--yes", "--skip-preview")
    service.clear()
    return project


def _methods(service: Service) -> list[str]:
    return sorted(request["method"] for request in service.requests(clear=True))


def _planned(project: Project) -> subprocess.CompletedProcess[str]:
    project.ok("preview", "--save-plan", "plan.json")
    time.sleep(1)  # expiresAt has whole seconds
    return project.cli("up", "--yes", "--skip-preview", "--plan", "plan.json")


@pytest.mark.long
@pytest.mark.live
def test_a_saved_plan_allows_expires_at_and_extensions_but_no_new_lifetime(project: Project, service: Service) -> None:
    in_two_hours = (datetime.now(timezone.utc) + timedelta(hours=2)).isoformat()
    holds = {**project.declared, "until": {"expires_at": in_two_hours}, "raised": {"expiration_minutes": 90}}
    project.declare(**holds)
    done = _planned(project)
    assert done.returncode == 0, done.stdout
    assert _methods(service) == ["POST", "PUT"]

    project.declare(**holds, lifetime={})
    refused = _planned(project)
    assert refused.returncode != 0
    assert "violates plan: properties changed: ++expiresAt" in refused.stdout
    assert _methods(service) == []
    project.declare(**holds)


@pytest.mark.live
def test_state_moves_to_another_stack_without_a_request(project: Project, service: Service) -> None:
    moved = project.declared["moves"]
    stays = {name: declared for name, declared in project.declared.items() if name != "moves"}
    service.clear()
    project.ok("state", "move", "--yes", "--source", "main", "--dest", "other", project.sessions()["moves"]["urn"])
    project.declare(moves=moved)
    project.ok("preview", "--stack", "other", "--expect-no-changes")
    project.declare(**stays)
    project.ok("preview", "--stack", "main", "--expect-no-changes")
    assert _methods(service) == []
    assert (set(project.sessions()), set(project.sessions("other"))) == (set(stays), {"moves"})


def test_pulumi_import_fails_and_changes_nothing(project: Project, emulator: Emulator) -> None:
    emulator.seed(ORGANIZATION, "theirs")
    emulator.clear()
    failed = project.cli("import", "--yes", "pulumi-python:dynamic/quant:Session", "adopted", "theirs")
    assert failed.returncode != 0
    assert _methods(emulator) == []
    assert "adopted" not in project.sessions()
