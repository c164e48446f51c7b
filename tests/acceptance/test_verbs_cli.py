"""What only the command line does: saved plans, moving state, importing. A program on disk, as people have it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.conftest import ORGANIZATION
from tests.engine import pulumi_command

if TYPE_CHECKING:
    from tests.emulator_server import Emulator

PROGRAM = """\
import json
from pathlib import Path

from quant_sessions_provider import Session

for name, declared in json.loads(Path("declared.json").read_text()).items():
    Session(name, user_id=name, **declared)
"""


class Project:
    """A folder with a program whose sessions are declared by a file beside it."""

    def __init__(self, folder: Path, emulator: Emulator) -> None:
        self.folder, self.emulator = folder, emulator
        self.declared: dict[str, dict[str, Any]] = {}
        options = {"toolchain": "pip", "virtualenv": sys.prefix}
        settings = {"name": "acceptance", "runtime": {"name": "python", "options": options}}
        (folder / "Pulumi.yaml").write_text(json.dumps(settings))  # JSON is YAML
        (folder / "__main__.py").write_text(PROGRAM)
        (folder / "backend").mkdir()

    def declare(self, **sessions: dict[str, Any]) -> None:
        self.declared = sessions
        (self.folder / "declared.json").write_text(json.dumps(sessions))

    def cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{self.folder}/backend",
            "PULUMI_CONFIG_PASSPHRASE": "acceptance",
            "PULUMI_HOME": f"{self.folder}/pulumi-home",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "QUANTCDN_API_TOKEN": self.emulator.token,
            "QUANTCDN_BASE_URL": self.emulator.url,
            "QUANTCDN_ORGANIZATION": ORGANIZATION,
        }
        command = [pulumi_command().command, *arguments, "--non-interactive", "--color", "never"]
        return subprocess.run(command, cwd=self.folder, env=environment, check=False, capture_output=True, text=True)  # noqa: S603 - the CLI under test

    def ok(self, *arguments: str) -> str:
        done = self.cli(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def urns(self, stack: str) -> dict[str, str]:
        resources = json.loads(self.ok("stack", "export", "--stack", stack))["deployment"]["resources"]
        return {r["urn"].rsplit("::", 1)[-1]: r["urn"] for r in resources if "quant:Session" in r["type"]}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> Project:
    project = Project(tmp_path_factory.mktemp("project"), emulator)
    project.ok("stack", "init", "other")
    project.ok("stack", "init", "main")
    project.declare(raised={}, moves={"metadata": {"v": 1}})
    project.ok("up", "--yes", "--skip-preview")
    emulator.clear()
    return project


def _methods(emulator: Emulator) -> list[str]:
    return sorted(request["method"] for request in emulator.requests(clear=True))


def _planned(project: Project) -> subprocess.CompletedProcess[str]:
    project.ok("preview", "--save-plan", "plan.json")
    time.sleep(1)  # expiresAt has whole seconds
    return project.cli("up", "--yes", "--skip-preview", "--plan", "plan.json")


def test_a_saved_plan_holds_a_moment_and_an_extension_but_no_lifetime_from_now(
    project: Project, emulator: Emulator
) -> None:
    moment = (datetime.now(timezone.utc) + timedelta(hours=2)).isoformat()
    holds = {**project.declared, "moment": {"expires_at": moment}, "raised": {"expiration_minutes": 90}}
    project.declare(**holds)
    done = _planned(project)
    assert done.returncode == 0, done.stdout
    assert _methods(emulator) == ["POST", "PUT"]

    project.declare(**holds, lifetime={})
    refused = _planned(project)
    assert refused.returncode != 0
    assert "violates plan: properties changed: ++expiresAt" in refused.stdout
    assert _methods(emulator) == []
    project.declare(**holds)


def test_state_moves_to_another_stack_without_a_request(project: Project, emulator: Emulator) -> None:
    moved = project.declared["moves"]
    stays = {name: declared for name, declared in project.declared.items() if name != "moves"}
    emulator.clear()
    project.ok("state", "move", "--yes", "--source", "main", "--dest", "other", project.urns("main")["moves"])
    project.declare(moves=moved)
    project.ok("preview", "--stack", "other", "--expect-no-changes")
    project.declare(**stays)
    project.ok("preview", "--stack", "main", "--expect-no-changes")
    assert _methods(emulator) == []
    assert (set(project.urns("main")), set(project.urns("other"))) == (set(stays), {"moves"})


def test_pulumi_import_fails_and_touches_nothing(project: Project, emulator: Emulator) -> None:
    emulator.seed(ORGANIZATION, "theirs")
    emulator.clear()
    failed = project.cli("import", "--yes", "pulumi-python:dynamic/quant:Session", "adopted", "theirs")
    assert failed.returncode != 0
    assert _methods(emulator) == []
    assert "adopted" not in project.urns("main")
