"""YAML programs on the real engine, with the plugin."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from quant_sessions_provider.core.urns import PLUGIN_TYPE
from tests.acceptance.conftest import ORGANIZATION
from tests.support.masking import masked
from tests.support.yaml_project import YamlProject, requests_of, secretly, session

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.emulator_server import Emulator
    from tests.support.service import Service

MESSAGES = [
    {"role": "system", "content": secretly("s3cr3tMessage")},
    {"role": "user", "content": "Grüße, 世界 🌍"},
]
METADATA = {"user_id": 7, "nested": {"list": [1, 2.5, True], "key": secretly("s3cr3tKey")}}


@pytest.fixture
def project(tmp_path: Path, service: Service) -> YamlProject:
    service.clear()
    return YamlProject(tmp_path, service.variables(ORGANIZATION))


def said(project: YamlProject, verb: str = "preview") -> list[str]:
    """Return what a run says on the lines of its sessions."""
    entries = json.loads(project.ok(verb, "--json"))["diagnostics"]
    return [masked(entry["message"].strip()) for entry in entries if entry.get("urn", "").endswith("::desk")]


@pytest.mark.live
def test_a_session_from_nothing_to_destroy(project: YamlProject, service: Service) -> None:
    project.program(
        {"desk": session(secretly("s3cr3tUser"), messages=MESSAGES, metadata=METADATA, expirationMinutes=90)},
        {"id": "${desk.id}", "until": "${desk.grantedExpiresAt}"},
    )
    planned = project.ok("preview", "--diff")
    assert "expirationMinutes: 90" in planned
    assert "s3cr3t" not in planned
    assert requests_of(service) == []

    project.up()
    (post,) = service.requests(clear=True)
    assert post["body"] == {
        "userId": "s3cr3tUser",
        "expirationMinutes": 90,
        "metadata": {"user_id": 7, "nested": {"list": [1, 2.5, True], "key": "s3cr3tKey"}},
        "initialMessages": [
            {"role": "system", "content": "s3cr3tMessage"},
            {"role": "user", "content": "Grüße, 世界 🌍"},
        ],
    }
    desk = project.sessions()["desk"]
    (stored,) = [one for one in service.sessions(ORGANIZATION) if one["id"] == desk["id"]]
    assert desk["type"] == PLUGIN_TYPE
    assert project.outputs() == {"id": desk["id"], "until": stored["expiresAt"]}

    project.ok("refresh", "--yes", "--skip-preview")
    assert requests_of(service) == [("GET", 200)]
    assert "2 unchanged" in project.up()
    assert requests_of(service) == []
    assert "s3cr3t" not in project.stored()

    project.ok("destroy", "--yes", "--skip-preview")
    assert requests_of(service) == [("DELETE", 200)]
    assert [one for one in service.sessions(ORGANIZATION) if one["id"] == desk["id"]] == []


@pytest.mark.live
def test_what_an_update_sends_and_a_replacement_loses_is_said_on_the_sessions_line(
    project: YamlProject, service: Service
) -> None:
    project.program({"desk": session("ada")})
    project.up()
    service.append(ORGANIZATION, project.sessions()["desk"]["id"], [{"role": "user", "content": "live"}])

    project.program({"desk": session("ada", expirationMinutes=90, metadata={"v": 1})})
    assert said(project) == ["desk: sends its metadata; <minutes>: extends <minutes>, until about <time>"]
    updated = project.up()
    assert "desk: sends its metadata; " in updated

    project.program({"desk": session("bob", expirationMinutes=90, metadata={"v": 1})})
    (line,) = said(project)
    assert line.startswith("warning: desk: userId changed")
    assert "replacing it loses 1 message" in line

    project.program({"desk": session("ada", {"replaceOnChanges": ["metadata"]}, expirationMinutes=90)})
    (line,) = said(project)
    assert line.startswith("warning: desk: metadata changed")
    assert "replacing it loses 1 message" in line
    service.clear()
    project.ok("refresh", "--yes", "--skip-preview")
    assert [method for method, _ in requests_of(service)] == ["GET"]


def test_a_creation_that_fails_halfway_is_kept_and_completed(project: YamlProject, emulator: Emulator) -> None:
    project.program({"desk": session(secretly("s3cr3tUser"), status="completed")})
    emulator.fault("status", method="PUT", status=422, body={"message": "no"})
    failed = project.cli("up", "--yes", "--skip-preview")
    assert failed.returncode != 0
    assert "was created: the next `pulumi up` completes it" in failed.stdout
    assert "Traceback" not in failed.stdout + failed.stderr
    desk = project.sessions()["desk"]
    assert desk["outputs"]["status"] == "active"
    assert requests_of(emulator) == [("POST", 201), ("PUT", 422)]

    assert '~ status: "active" => "completed"' in project.ok("preview", "--diff")
    project.up()
    assert requests_of(emulator) == [("PUT", 200)]
    assert project.sessions()["desk"]["id"] == desk["id"]
    assert "2 unchanged" in project.up()
    assert "s3cr3t" not in project.stored()


@pytest.mark.live
def test_a_group_and_functions(project: YamlProject, service: Service) -> None:
    group = {"userIds": {"a": "anna", "b": "ben"}, "sessionGroup": "workshop", "expirationMinutes": 30}
    options = {
        "additionalSecretOutputs": ["createdAt"],
        "customTimeouts": {"create": "7s"},
        "deleteBeforeReplace": True,
    }
    found = {"fn::invoke": {"function": "quant-sessions:getSession", "arguments": {"id": "${mine.id}"}}}
    listed = {"fn::invoke": {"function": "quant-sessions:listSessions", "arguments": {"userId": "${mine.userId}"}}}
    team = {"type": "quant-sessions:SessionGroup", "properties": group, "options": options}
    # Without a lifetime of its own, what ignoreChanges keeps is not set by hand.
    mine = session("ada", {"ignoreChanges": ["expiresAt"]})
    outputs = {"team": "${team.sessionIds}", "found": "${found.id}", "listed": "${listed.sessions}"}
    project.program({"mine": mine, "team": team}, outputs, variables={"found": found, "listed": listed})
    project.up()
    sessions = project.sessions()
    assert sessions.keys() == {"mine", "team-a", "team-b"}
    assert {one["userId"] for one in service.group(ORGANIZATION, "workshop")} == {"anna", "ben"}
    assert project.outputs()["team"] == {key: sessions[f"team-{key}"]["id"] for key in "ab"}
    assert sessions["team-a"]["parent"].endswith("quant-sessions:index:SessionGroup::team")
    assert sessions["team-a"]["customTimeouts"] == {"create": 7}
    assert "ciphertext" in sessions["team-a"]["outputs"]["createdAt"]
    assert "5 unchanged" in project.up()
    assert project.sessions()["mine"]["inputs"]["expirationMinutes"] == 60

    service.clear()
    group["userIds"] = {"a": "anna", "b": "bert"}
    project.program({"mine": mine, "team": team})
    project.up()
    assert [method for method, _ in requests_of(service)] == ["GET", "DELETE", "POST"]
