"""Python programs on the real engine, with the plugin: the same constructor, on another host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from quant_sessions_provider.core.urns import PLUGIN_TYPE
from tests.acceptance.conftest import ORGANIZATION
from tests.support.project import PROGRAM, Project
from tests.support.yaml_project import requests_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.emulator_server import Emulator

NATIVE: Final = PROGRAM.replace("quant_sessions_provider import", "quant_sessions_provider.native import")
WHOLE: Final = """\
from datetime import timedelta

import pulumi

from quant_sessions_provider.native import Session

desk = Session(
    "desk",
    user_id=pulumi.Output.secret("s3cr3tUser"),
    expiration_minutes=timedelta(hours=1),
    messages=[{"role": "user", "content": pulumi.Output.secret("s3cr3tMessage")}],
)
theirs = Session.get("theirs", "theirs")
pulumi.export("until", desk.granted_expires_at)
pulumi.export("minutes", desk.expiration_minutes)
pulumi.export("model", theirs.model)
"""


@pytest.fixture
def project(tmp_path: Path, emulator: Emulator) -> Project:
    emulator.clear()
    made = Project(tmp_path, emulator.variables(ORGANIZATION), plugin=True)
    made.init()
    return made


def test_a_session_is_declared_and_another_read_by_the_plugin(project: Project, emulator: Emulator) -> None:
    (project.folder / "__main__.py").write_text(WHOLE)
    emulator.seed(ORGANIZATION, "theirs", model="some-model")
    up = project.ok("up", "--yes", "--skip-preview")
    assert "desk: lives 60 minutes, until about " in up
    sessions = project.sessions()
    assert {one["type"] for one in sessions.values()} == {PLUGIN_TYPE}
    (root,) = [r for r in project.export()["resources"] if r["type"] == "pulumi:pulumi:Stack"]
    until = sessions["desk"]["outputs"]["grantedExpiresAt"]
    assert root["outputs"] == {"until": until, "minutes": 60, "model": "some-model"}
    emulator.clear()
    assert "2 unchanged" in project.ok("up", "--yes", "--skip-preview")
    assert requests_of(emulator) == [("GET", 200)]
    stored = [file.read_text(errors="replace") for file in (project.folder / "backend").rglob("*") if file.is_file()]
    assert not any("s3cr3t" in text for text in stored)
    project.ok("destroy", "--yes", "--skip-preview")
    assert [method for method, _ in requests_of(emulator)] == ["DELETE"]


def test_what_pulumi_cannot_carry_is_refused_in_one_line(project: Project) -> None:
    program = NATIVE.replace("user_id=name", "user_id=pulumi.Output.from_input({1}).apply(lambda value: value)")
    (project.folder / "__main__.py").write_text(f"import pulumi\n{program}")
    project.declare(desk={})
    failed = project.cli("preview")
    assert failed.returncode != 0
    assert "Traceback" not in failed.stdout + failed.stderr
    assert "user_id: is a value of type set, which JSON cannot represent; use a list" in failed.stdout
