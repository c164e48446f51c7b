"""Two accounts in one program: provider resources with a token, an organization and a base URL of their own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.acceptance.conftest import ORGANIZATION
from tests.support.emulator_server import Emulator
from tests.support.project import Project
from tests.support.yaml_project import YamlProject, requests_of, session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN: Final = "s3cr3tT0ken"
THEIRS: Final = {"provider": "${theirs}"}
NATIVE: Final = """\
import pulumi

from quant_sessions_provider.native import Provider, Session, SessionGroup

theirs = pulumi.ResourceOptions(
    provider=Provider("theirs", bearer="s3cr3tT0ken", organization="of-python", timeout_seconds=20, enable_jitter=False)
)
Session("mine", user_id="ada")
Session("yours", user_id="ada", opts=theirs)
SessionGroup("team", user_ids=["anna"], opts=theirs)
"""


@pytest.fixture
def other() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


def provider(base_url: str, organization: str = "theirs") -> dict[str, Any]:
    properties = {"bearer": "${token}", "organization": organization, "baseUrl": base_url, "timeoutSeconds": 20}
    return {"type": "pulumi:providers:quant-sessions", "properties": properties}


def asks(function: str, **arguments: str) -> dict[str, Any]:
    return {"fn::invoke": {"function": f"quant-sessions:{function}", "arguments": arguments, "options": THEIRS}}


@pytest.mark.long
def test_each_session_group_and_function_goes_to_its_account(
    tmp_path: Path, emulator: Emulator, other: Emulator
) -> None:
    project = YamlProject(tmp_path, emulator.variables(ORGANIZATION))
    project.ok("config", "set", "--secret", "token", TOKEN)
    resources: dict[str, Any] = {
        "theirs": provider(other.url),
        "mine": session("ada"),
        "yours": session("ada", THEIRS),
        "team": {
            "type": "quant-sessions:SessionGroup",
            "properties": {"userIds": {"a": "anna"}},
            "options": THEIRS,
        },
    }
    more = {
        "config": {"token": {"type": "string"}},
        "variables": {"found": asks("getSession", id="${yours.id}"), "all": asks("listSessions", userId="ada")},
    }
    emulator.clear()
    project.program(resources, {"found": "${found.id}", "all": "${all.sessions}"}, **more)
    project.up()
    used = {name: one["provider"].split("::")[-2] for name, one in project.sessions().items()}
    assert used == {"mine": "default", "yours": "theirs", "team-a": "theirs"}
    assert [one["userId"] for one in emulator.sessions("theirs")] == []
    assert sorted(one["userId"] for one in other.sessions("theirs")) == ["ada", "anna"]
    assert requests_of(emulator) == [("POST", 201)]
    # The list is read before or after the session is created: then it has a second page, with nothing new.
    made = sorted(requests_of(other))
    assert made in ([("GET", 200)] * gets + [("POST", 201)] * 2 for gets in (2, 3))
    assert TOKEN not in project.stored()

    other.append("theirs", project.sessions()["yours"]["id"], [{"role": "user", "content": "live"}])
    project.program({**resources, "theirs": provider(other.url, "others")}, **more)
    entries = json.loads(project.ok("preview", "--json"))["diagnostics"]
    (line,) = [entry["message"] for entry in entries if entry.get("urn", "").endswith("::yours")]
    assert "yours: organization changed: replacing it loses 1 message" in line

    other.clear()
    project.program({**resources, "theirs": provider(emulator.url)}, **more)
    refused = project.cli("preview")
    assert refused.returncode != 0
    assert f"was created at {other.url}, but baseUrl is {emulator.url}: set baseUrl back" in refused.stdout
    assert [method for method, _ in requests_of(other)] == []

    emulator.clear()
    project.ok("refresh", "--yes", "--skip-preview")
    project.ok("destroy", "--yes", "--skip-preview")
    assert requests_of(emulator) == [("GET", 200), ("DELETE", 200)]
    assert [method for method, _ in requests_of(other)] == ["GET"] * 2 + ["DELETE"] * 2


def test_a_python_program_declares_an_account(tmp_path: Path, emulator: Emulator) -> None:
    project = Project(tmp_path, emulator.variables(ORGANIZATION), NATIVE, plugin=True)
    project.init()
    project.ok("up", "--yes", "--skip-preview")
    used = {name: one["provider"].split("::")[-2] for name, one in project.sessions().items()}
    assert used == {"mine": "default", "yours": "theirs", "team-anna": "theirs"}
    assert sorted(one["userId"] for one in emulator.sessions("of-python")) == ["ada", "anna"]
    stored = [file.read_text(errors="replace") for file in (tmp_path / "backend").rglob("*") if file.is_file()]
    assert not any(TOKEN in text for text in stored)
    emulator.clear()
    (tmp_path / "__main__.py").write_text(NATIVE.partition("theirs = ")[0] + 'Session("mine", user_id="ada")\n')
    project.ok("up", "--yes", "--skip-preview")
    assert [method for method, _ in requests_of(emulator)] == ["DELETE"] * 2
