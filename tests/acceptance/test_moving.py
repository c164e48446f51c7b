"""A stack moves from the dynamic provider to the plugin, to YAML and back, without a request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from quant_sessions_provider.core.describe import TAKEN_OVER
from quant_sessions_provider.core.urns import PLUGIN_TYPE, SESSION_TYPE
from tests.acceptance.conftest import ORGANIZATION
from tests.support.project import Project
from tests.support.project_plugin import PLUGIN
from tests.support.yaml_project import requests_of, secretly, session

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.service import Service

pytestmark = pytest.mark.live
DYNAMIC: Final = """\
import pulumi

from quant_sessions_provider import Session, SessionGroup


class Desk(Session):
    pass


secret = [{"role": "user", "content": pulumi.Output.secret("s3cr3tMessage")}]
Desk("desk", user_id=pulumi.Output.secret("s3cr3tUser"), messages=secret, metadata={"v": 1})
SessionGroup("team", user_ids=["ada", "bob"], messages=secret)
"""
NATIVE: Final = DYNAMIC.replace("quant_sessions_provider import", "quant_sessions_provider.native import")
SECRET: Final = [{"role": "user", "content": secretly("s3cr3tMessage")}]
TEAM: Final = {"userIds": {"ada": "ada", "bob": "bob"}, "messages": SECRET}
YAML: Final = json.dumps(
    {
        "name": "acceptance",
        "runtime": "yaml",
        **PLUGIN,
        "resources": {
            "desk": session(secretly("s3cr3tUser"), messages=SECRET, metadata={"v": 1}),
            "team": {"type": "quant-sessions:SessionGroup", "properties": TEAM},
        },
    }
)
NAMES: Final = {"desk", "team-ada", "team-bob"}


@pytest.fixture
def project(tmp_path: Path, service: Service) -> Project:
    service.clear()
    # For --event-log.
    variables = {**service.variables(ORGANIZATION), "PULUMI_DEBUG_COMMANDS": "true"}
    made = Project(tmp_path, variables, plugin=True)
    made.init()
    return made


def up(project: Project, program: str) -> str:
    (project.folder / "__main__.py").write_text(program)
    log = f"--event-log={project.folder}/events-{len(list(project.folder.iterdir()))}.json"
    return project.ok("up", "--yes", "--skip-preview", log)


def without_host(properties: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in properties.items() if not key.startswith("__")}


def test_a_stack_moves_to_the_plugin_and_back_without_a_request(project: Project, service: Service) -> None:
    up(project, DYNAMIC)
    before = project.sessions()
    assert before.keys() == NAMES
    assert {one["type"] for one in before.values()} == {SESSION_TYPE}
    service.clear()

    assert "5 unchanged" in up(project, NATIVE)
    there = project.sessions()
    assert {one["type"] for one in there.values()} == {PLUGIN_TYPE}
    for name, one in there.items():
        assert (one["id"], one["inputs"].keys()) == (before[name]["id"], without_host(before[name]["inputs"]).keys())
    settings = project.folder / "Pulumi.yaml"
    python = settings.read_text()
    settings.write_text(YAML)
    assert "5 unchanged" in up(project, "")
    settings.write_text(python)
    # Outputs that the plugin makes hold nothing of the dynamic provider; these have stayed as they were.
    state = project.export()
    for resource in state["resources"]:
        resource.get("outputs", {}).pop("__provider", None)
    project.rewrite(state)

    moved = up(project, DYNAMIC)
    back = project.sessions()
    assert "~ 3 updated" in moved
    assert {f"{name}: {TAKEN_OVER}" in moved for name in NAMES} == {True}
    assert {one["type"] for one in back.values()} == {SESSION_TYPE}
    for name, one in back.items():
        assert one["id"] == before[name]["id"]
        for side in ("inputs", "outputs"):
            assert one[side].keys() == before[name][side].keys()
            assert one[side]["__provider"] == before[name][side]["__provider"]
            assert one[side]["expiresAt"] == before[name][side]["expiresAt"]
    assert requests_of(service) == []
    stored = [file.read_text(errors="replace") for file in project.folder.rglob("*.json*") if file.is_file()]
    assert any("resourcePreEvent" in text for text in stored)
    assert not any("s3cr3t" in text for text in stored)

    assert "5 unchanged" in project.ok("refresh", "--yes", "--skip-preview")
    project.ok("destroy", "--yes", "--skip-preview")
    assert sorted(requests_of(service)) == [("DELETE", 200)] * 3 + [("GET", 200)] * 3
