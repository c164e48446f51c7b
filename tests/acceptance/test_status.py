"""``quant-sessions status`` and its kin read what the real engine wrote: both hosts, groups, and what is pending."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from typer.testing import CliRunner

from quant_sessions_provider.cli.app import app
from tests.acceptance.conftest import ORGANIZATION
from tests.support.engine import pulumi_command
from tests.support.project import Project

if TYPE_CHECKING:
    from tests.support.emulator_server import Emulator

Command = Callable[..., tuple[int, str, str]]
PROGRAM: Final = """\
import json
from pathlib import Path

import pulumi

from quant_sessions_provider import Session, native

declared = json.loads(Path("declared.json").read_text())
Session("desk", user_id=pulumi.Output.secret("s3cr3tUser"), renew_before_minutes=15)
Session("launch", user_id="launch", expires_at=pulumi.Output.secret(declared["launch"]["until"]))
native.SessionGroup("team", user_ids=["ada", "bob"], session_group=declared["team"]["group"])
agency = pulumi.ProviderResource("quant-sessions", "agency", {"bearer": "another-token", "organization": "theirs"})
native.Session("theirs", user_id="theirs", opts=pulumi.ResourceOptions(provider=agency))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> Project:
    """A stack whose group moved in a run that could not delete one of the old sessions."""
    project = Project(tmp_path_factory.mktemp("project"), emulator.variables(ORGANIZATION), PROGRAM, plugin=True)
    project.init()
    until = (datetime.now(timezone.utc) + timedelta(hours=2)).isoformat()
    project.declare(team={"group": "one"}, launch={"until": until})
    project.ok("up", "--yes", "--skip-preview")
    project.declare(team={"group": "two"}, launch={"until": until})
    emulator.fault(method="DELETE", status=403)
    assert project.cli("up", "--yes", "--skip-preview").returncode
    return project


@pytest.fixture
def run(project: Project, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command in the project's folder; its output never contains the secret user."""
    path = f"{Path(pulumi_command().command).parent}{os.pathsep}{os.environ['PATH']}"
    for name, value in (project.environment() | {"PATH": path}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(project.folder)

    def running(*arguments: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, [*arguments])
        assert "s3cr3tUser" not in done.output
        return int(done.exit_code), done.stdout, done.stderr

    return running


def id_of(project: Project, name: str) -> str:
    (found,) = [r for r in project.export()["resources"] if r["urn"].endswith(f"Session::{name}")]
    return str(found["id"])


def test_status_shows_what_the_engine_recorded(project: Project, emulator: Emulator, run: Command) -> None:
    theirs = id_of(project, "theirs")
    emulator.delete("theirs", theirs)
    code, out, error = run("status", "--json")
    found: dict[tuple[str, bool], Any] = {
        (entry["name"], entry["pendingDeletion"]): entry for entry in json.loads(out)["sessions"]
    }
    (old,) = [name for name, pending in found if pending]
    assert (code, error, old in ("team-ada", "team-bob")) == (1, "", True)
    names = {"desk", "launch", "team-ada", "team-bob", "theirs"}
    assert set(found) == {(name, False) for name in names} | {(old, True)}
    lives = {name: found[name, False]["status"] for name in names}
    assert lives == dict.fromkeys(names, "alive") | {"theirs": "unknown"}
    desk, launch = found["desk", False], found["launch", False]
    assert (desk["user"], desk["minutesLeft"] in range(50, 60), desk["next"]["kind"]) == ("[secret]", True, "renewed")
    assert (launch["expiresAt"], launch["next"], launch["user"]) == (None, None, "launch")
    assert (found["team-ada", False]["group"], found[old, True]["group"]) == ("two", "one")
    assert found["theirs", False]["why"].endswith("; its provider agency may have another token")


def test_orphans_of_a_secret_user_are_found_and_only_they_are_deleted(
    project: Project, emulator: Emulator, run: Command
) -> None:
    later = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()
    emulator.seed(ORGANIZATION, "orphan", userId="s3cr3tUser", expiresAt=later)
    code, out, error = run("list", "--orphans", "--stack", "main", "--json")
    assert error.startswith("Sessions of provider agency were not looked at: it may have another token.\n")
    assert (code, [(entry["id"], entry["user"]) for entry in json.loads(out)]) == (0, [("orphan", "[secret]")])
    desk = id_of(project, "desk")
    code, out, error = run("delete", "orphan", desk, "--yes", "--stack", "main")
    assert (code, out) == (1, "")
    assert error.startswith(f"{desk}: stack main declares it as desk: ")
    assert run("delete", "orphan", "--yes", "--stack", "main")[:2] == (
        0,
        "orphan: deleting it loses nothing: it holds no messages\norphan: deleted\n",
    )
