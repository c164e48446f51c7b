"""The report of a real preview, as the action makes it, its page in ``docs/``, and the timeline of the same stack."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from typer.testing import CliRunner

from quant_sessions_provider.cli.app import app
from quant_sessions_provider.core import timestamps
from tests.acceptance.conftest import ORGANIZATION
from tests.support.engine import pulumi_command
from tests.support.project import Project
from tests.support.runner import Runner
from tools.docs import report_page
from tools.docs.comment import picture
from tools.docs.situations import CHAT, SYSTEM

if TYPE_CHECKING:
    from tests.support.emulator_server import Emulator
    from tests.support.service import Service


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    return Runner(tmp_path_factory.mktemp("runner"))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> Project:
    project = Project(tmp_path_factory.mktemp("project"), emulator.variables(ORGANIZATION), report_page.PROGRAM)
    report_page.prepare(project, emulator)
    return project


@pytest.fixture(scope="module")
def printed(project: Project, runner: Runner) -> str:
    """Return the output of the action's preview step. The preview fails: one of the sessions is invalid."""
    beside = Path(pulumi_command().command).parent
    variables = project.environment()
    variables["PATH"] = f"{beside}:{variables['PATH']}"
    done = runner.run("Preview", project.folder, STACK="main", REFRESH="false", **variables)
    assert (done.returncode, done.stderr) == (0, "")
    assert runner.said("output") != "code=0\n"
    return runner.said("preview.json")


def report(printed: str, *arguments: str) -> tuple[int, Any]:
    done = CliRunner().invoke(app, ["report", "--json", *arguments], input=printed)
    return done.exit_code, json.loads(done.stdout)


def test_the_page_shows_the_report_of_a_real_preview(printed: str) -> None:
    assert report_page.masked(report_page.on_page()) == report_page.masked(report_page.report_of(printed))


def test_the_image_shows_the_text_of_the_page() -> None:
    assert report_page.PICTURE.read_text() == picture(report_page.on_page())


def test_the_gate_fails_on_a_loss(printed: str) -> None:
    code, found = report(printed, "--fail-on-loss")
    assert (code, found["lost"]) == (1, {"conversations": 1, "messages": 14, "uncounted": 0})


def test_the_report_contains_no_message_and_no_user(printed: str) -> None:
    found = json.dumps(report(printed)[1])
    assert SYSTEM["content"] in printed
    assert not [text for text in (SYSTEM["content"], CHAT[0]["content"], "orders-v2") if text in found]


def test_the_timeline_predicts_what_the_preview_shows(project: Project, printed: str, tmp_path: Path) -> None:
    state, drawing = project.ok("stack", "export", "--stack", "main"), tmp_path / "week.svg"
    start = timestamps.render(datetime.now(timezone.utc))
    arguments = ["timeline", "--json", "--every", "1m", "--days", "1", "--from", start, "--svg", str(drawing)]
    done = CliRunner().invoke(app, arguments, input=state)
    told = {each["name"]: each["events"][:1] for each in json.loads(done.stdout)["sessions"]}
    shown = {each["name"]: each["action"] for each in report(printed)[1]["sessions"]}
    first = {name: event[0]["kind"] for name, event in told.items() if event and event[0]["at"] < _later(start)}
    kinds = {"extend": "renewed", "recreate": "recreated"}
    # `orders` is replaced because the program changed, which the timeline cannot see in state.
    assert first == {name: kinds[action] for name, action in shown.items() if action in kinds}
    assert "<title" in drawing.read_text()


READING: Final = """\
import json
from pathlib import Path

import pulumi
from quant_sessions_provider import Session

for name, declared in json.loads(Path("declared.json").read_text()).items():
    options = pulumi.ResourceOptions(delete_before_replace=True)
    if "id" in declared:
        Session.get(name, declared["id"])
    else:
        Session(name, **{"user_id": name, **declared}, opts=options)
"""


@pytest.mark.long
def test_no_loss_is_reported_for_a_session_that_the_run_does_not_delete(tmp_path: Path, emulator: Emulator) -> None:
    project = Project(tmp_path, emulator.variables(ORGANIZATION), READING)
    project.init()
    project.declare(desk={}, orders={}, shop={})
    project.ok("up", "--yes", "--skip-preview")
    ids = {name: session["id"] for name, session in project.sessions().items()}
    project.declare(
        desk={"user_id": "other"}, orders={}, shop={}, first={"id": ids["shop"]}, second={"id": ids["shop"]}
    )
    emulator.fault("status", "before", method="POST", status=400)
    assert project.cli("up", "--yes", "--skip-preview").returncode
    emulator.clear_faults()
    project.declare(desk={}, orders={}, shop={}, first={})
    emulator.api("DELETE", ORGANIZATION, f"/{ids['orders']}")

    planned, refreshed = (
        report(project.cli(*verb, "--json", "--stack", "main").stdout, "--fail-on-loss")
        for verb in (["preview"], ["refresh", "--preview-only"])
    )

    assert (planned[0], reasons(planned[1])) == (
        0,
        {
            ("desk", "create", "deleted by a replacement that then failed"),
            ("first", "create", "only read by Session.get so far"),
            ("second", "discard", "no longer declared"),
        },
    )
    assert (refreshed[0], reasons(refreshed[1])) == (0, {("orders", "forget", "the refresh found no such session")})


@pytest.mark.long
def test_a_session_that_an_earlier_replacement_left_is_a_loss(tmp_path: Path, emulator: Emulator) -> None:
    project = Project(tmp_path, {**emulator.variables(ORGANIZATION), "QUANTCDN_MAX_RETRIES": "0"})
    project.init()
    project.declare(desk={})
    project.ok("up", "--yes", "--skip-preview")
    project.declare(desk={"session_group": "other"})
    emulator.fault("status", "before", method="DELETE", status=403)
    assert project.cli("up", "--yes", "--skip-preview").returncode
    emulator.clear_faults()
    shown = project.cli("preview", "--json", "--show-replacement-steps", "--stack", "main").stdout
    code, found = report(shown, "--fail-on-loss")
    assert (code, reasons(found)) == (1, {("desk", "delete", "left by an earlier replacement")})


@pytest.mark.long
@pytest.mark.live
def test_a_session_that_is_deleted_before_its_replacement_is_a_loss(tmp_path: Path, service: Service) -> None:
    project = Project(tmp_path, service.variables(ORGANIZATION), READING)
    project.init()
    project.declare(desk={}, orders={})
    project.ok("up", "--yes", "--skip-preview")
    sessions = project.sessions()
    service.api("PUT", ORGANIZATION, f"/{sessions['desk']['id']}", json={"newMessages": CHAT[:2]})
    project.declare(desk={"user_id": "other"}, orders={})
    code, found = report(
        project.cli("preview", "--json", "--stack", "main", "--replace", sessions["orders"]["urn"]).stdout,
        "--fail-on-loss",
    )
    lost = {row["name"]: (row["action"], row["lost"]) for row in found["sessions"]}
    assert code == 1
    assert lost == {
        "desk": ("replace", {"messages": 2, "atLeast": False}),
        "orders": ("replace", {"messages": None, "atLeast": False}),
    }


def reasons(found: Any) -> set[tuple[str, str, str]]:  # noqa: ANN401 - the report as JSON
    return {(row["name"], row["action"], row["reason"]) for row in found["sessions"]}


def _later(start: str) -> str:
    return timestamps.render(timestamps.parse(start) + timedelta(minutes=2))
