"""Sessions that nobody declared are imported on the real engine; the code that this prints changes nothing."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Final

import pytest
from typer.testing import CliRunner

from quant_sessions_provider.cli.app import app
from quant_sessions_provider.operations.adopt import NOT_DELETED
from tests.acceptance.conftest import ORGANIZATION
from tests.support.project import Project
from tests.support.project_plugin import BIN, PLUGIN
from tests.support.yaml_project import YamlProject, requests_of, session

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.emulator_server import Emulator

TYPE: Final = "quant-sessions:index:Session"
OLD: Final = {"createdAt": "2026-01-01T10:00:00Z", "expiresAt": "2099-01-01T10:00:00Z"}
"""It was extended: what is assumed of a session's expiry has passed."""
ODD: Final = '9 ada/"é${x}'
BY_OPTION: Final = """
from quant_sessions_provider import native

native.Session(
    "theirs",
    user_id="ada",
    session_group="g",
    expiration_minutes=60,
    opts=pulumi.ResourceOptions(import_="acme/ada/g/theirs"),
)
"""


@pytest.fixture
def project(tmp_path: Path, emulator: Emulator) -> YamlProject:
    emulator.clear()
    return YamlProject(tmp_path, emulator.variables(ORGANIZATION))


def listed(project: YamlProject, *options: str) -> str:
    """Return what the command line prints of sessions to import."""
    done = CliRunner().invoke(app, ["list", "--import", *options], env=project.variables)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_what_list_prints_is_imported_and_the_printed_program_changes_nothing(
    project: YamlProject, emulator: Emulator
) -> None:
    for session_id, facts in {"6488304f-fe7e": {}, "7488304f-fe7e": OLD, "x_1": OLD}.items():
        emulator.seed(ORGANIZATION, session_id, userId=ODD, sessionGroup="yes", **facts)
    emulator.seed(ORGANIZATION, "other", userId="bob")
    (project.folder / "sessions.json").write_text(listed(project, "--user", ODD, "--group", "yes"))
    printed = project.folder / "printed.yaml"
    said = project.ok("import", "--file", "sessions.json", "--yes", "--out", str(printed))
    assert said.count("as if set by hand; that has passed and it lives") >= 2
    sessions = project.sessions()
    assert sessions.keys() == {"yes-9-ada-e-x-6488304f", "yes-9-ada-e-x-7488304f", "yes-9-ada-e-x-x-1"}
    assert {one["id"] for one in sessions.values()} == {"6488304f-fe7e", "7488304f-fe7e", "x_1"}
    assert {one["inputs"]["userId"] for one in sessions.values()} == {ODD}

    head = {"name": "acceptance", "runtime": "yaml", **PLUGIN}
    lines = [f"{key}: {json.dumps(value)}\n" for key, value in head.items()]
    (project.folder / "Pulumi.yaml").write_text("".join([*lines, printed.read_text()]))
    emulator.clear()
    assert "4 unchanged" in project.up()
    assert requests_of(emulator) == []


def test_a_program_imports_by_an_option_and_never_loses_the_session(project: YamlProject, emulator: Emulator) -> None:
    emulator.seed(ORGANIZATION, "3f2a", userId="ada", sessionGroup="g", **OLD)
    emulator.clear()
    declared: dict[str, Any] = {"sessionGroup": "g", "messages": [{"role": "user", "content": "Hi"}]}
    by = {"import": f"{ORGANIZATION}/ada/g/3f2a"}

    project.program({"desk": session("bob", by, **declared)})
    failed = project.cli("preview")
    assert failed.returncode != 0
    assert "userId: is not what the id to import by says; declare that (" in failed.stdout
    emulator.clear()

    project.program({"desk": session("ada", by, **declared, expirationMinutes=90)})
    assert "desk: appends 1 message; " in project.up()
    sent = [(request["method"], request["body"]) for request in emulator.requests(clear=True)]
    assert [(method, body) for method, body in sent if method != "GET"] == [
        ("PUT", {"newMessages": [{"content": "Hi", "role": "user"}]}),
        ("PUT", {"additionalMinutes": 90}),
    ]
    assert "2 unchanged" in project.up()
    assert requests_of(emulator) == []

    respelled = {"import": f"{ORGANIZATION}/%61da/g/3f2a"}
    project.program({"desk": session("ada", respelled, sessionGroup="g")})
    assert f"desk: {NOT_DELETED}" in project.up()
    assert "DELETE" not in {method for method, _ in requests_of(emulator)}
    assert [one["id"] for one in emulator.sessions(ORGANIZATION) if one["userId"] == "ada"] == ["3f2a"]
    assert project.sessions()["desk"]["id"] == "3f2a"


def test_the_printed_python_runs_with_a_generated_sdk_and_native_sessions_are_imported_too(
    tmp_path: Path, emulator: Emulator
) -> None:
    project = Project(tmp_path, emulator.variables(ORGANIZATION), plugin=True)
    sdk, printed = tmp_path / "sdk" / "python", tmp_path / "__main__.py"
    project.variables["PYTHONPATH"] = os.pathsep.join([project.environment()["PYTHONPATH"], str(sdk)])
    project.init()
    plugin = str(BIN / "pulumi-resource-quant-sessions")
    project.ok("package", "gen-sdk", plugin, "--language", "python", "--out", str(tmp_path / "sdk"))
    # What pip would write: the SDK looks for its own version.
    (sdk / "pulumi_quant_sessions-0.1.0.dist-info").mkdir()
    (sdk / "pulumi_quant_sessions-0.1.0.dist-info" / "METADATA").write_text(
        "Name: pulumi_quant_sessions\nVersion: 0.1.0\n"
    )
    for session_id in ("mine", "theirs"):
        emulator.seed(ORGANIZATION, session_id, userId="ada", sessionGroup="g")
    project.ok("import", TYPE, "mine", f"{ORGANIZATION}/ada/g/mine", "--yes", "--out", str(printed))
    assert "import pulumi_quant_sessions as quant_sessions" in printed.read_text()

    printed.write_text(printed.read_text() + BY_OPTION)
    emulator.clear()
    assert "lives at least until the declared expiresAt, nothing is sent" in project.ok("up", "--yes", "--skip-preview")
    assert {method for method, _ in requests_of(emulator)} == {"GET"}
    assert "3 unchanged" in project.ok("up", "--yes", "--skip-preview")
    assert requests_of(emulator) == []
