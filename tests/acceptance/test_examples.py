"""Run each example on the real engine, and compare the output with its README."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
import yaml

from quant_sessions_provider.core import timestamps
from tests.acceptance.conftest import ORGANIZATION
from tests.support.ageing import age
from tests.support.examples import EXAMPLES
from tests.support.minutes import MINUTE, minutes_to_cover

if TYPE_CHECKING:
    from tests.acceptance.conftest import NewExample
    from tests.support.emulator_server import Emulator

NAMES = ("pull-request", "qa-smoke", "workshop", "agency", "on-call", "unit-testing")
TESTED_ELSEWHERE = ("quickstart", "policies", "yaml", "typescript", "go", "keep")


def test_qa_smoke(example: NewExample, emulator: Emulator) -> None:
    smoke = example("qa-smoke")
    smoke.up()
    assert smoke.violations() == []
    (session,) = emulator.group(ORGANIZATION, "smoke-tests")
    text = (smoke.home / "conversation.yaml").read_text()
    assert session["messages"] == yaml.safe_load(text)

    age(smoke, emulator, {"smoke": 5})
    smoke.edit("conversation.yaml", "ask for a PIN", "ask for a PIN or a password")
    assert smoke.preview(diff=True).ops("smoke") == ["create-replacement", "replace", "delete-replaced"]
    (smoke.home / "conversation.yaml").write_text(f"{text}- role: user\n  content: Yes, please.\n")
    assert smoke.preview().ops("smoke") == ["update"]
    assert smoke.untrue() == []


def test_workshop(example: NewExample, emulator: Emulator) -> None:
    workshop = example("workshop")
    end = (datetime.now(timezone.utc) + timedelta(hours=8)).replace(microsecond=0)
    workshop.config("ends-at", end.isoformat())
    workshop.preview()
    up = workshop.up()
    assert workshop.violations() == []
    sessions = emulator.group(ORGANIZATION, "workshop-test")
    assert {session["userId"]: session["id"] for session in sessions} == workshop.outputs()["session_ids"]
    least, most = (minutes_to_cover(end - time) for time in (up.ended, up.began))
    for session in sessions:
        created, expiry = (timestamps.parse(session[key]) for key in ("createdAt", "expiresAt"))
        assert (expiry - created) / MINUTE in range(least, most + 1)

    emulator.clear()
    workshop.edit("participants.csv", "tracebacks,A2", "tracebacks,B1")
    workshop.preview()
    assert [step.name for step in workshop.up().steps if step.op != "same"] == ["workshop-bob"]
    (sent,) = emulator.requests()
    assert (sent["method"], sent["path"].rpartition("/")[2], sent["body"]) == (
        "PUT",
        workshop.outputs()["session_ids"]["bob"],
        {"metadata": {"seat": "B1"}},
    )

    workshop.edit("participants.csv", "bob,", "eve,")
    assert workshop.preview().ops("workshop-ada") == ["same"]
    assert workshop.untrue() == []


def test_agency(example: NewExample, emulator: Emulator) -> None:
    agency = example("agency")
    agency.follow("pulumi config set quant-sessions:transcriptDir ~/transcripts")
    emulator.seed(ORGANIZATION, "made-by-others", sessionGroup="florist")
    agency.up()
    # Its README says why.
    assert {line.splitlines()[0] for line in agency.violations()} == {"expirationMinutes: must be at most 480"}
    assert agency.outputs()["active"] == {"bakery": 1, "florist": 2}
    old = agency.resources()["bakery"]["id"]
    emulator.append(ORGANIZATION, old, [{"role": "user", "content": "One rye loaf, please."}] * 13)
    age(agency, emulator, {"bakery": 5})

    agency.edit("Pulumi.yaml", "florist, contract: basic", "florist, contract: premium")
    agency.edit("Pulumi.yaml", "group: bakery, ", "group: bakery-berlin, ")
    agency.preview()
    assert agency.untrue() == []
    agency.up()
    saved = json.loads((agency.home / "transcripts" / f"{old}.json").read_text())
    assert len(saved["messages"]) == 14
    assert not emulator.group(ORGANIZATION, "bakery")
    (bakery,) = emulator.group(ORGANIZATION, "bakery-berlin")
    assert bakery["metadata"] == {"client": "bakery", "contract": "basic"}
    assert {session["metadata"].get("contract") for session in emulator.group(ORGANIZATION, "florist")} == {
        None,
        "premium",
    }


@pytest.mark.long
def test_unit_testing(example: NewExample, emulator: Emulator) -> None:
    """Run the example's own tests, and then the program on the real engine."""
    own = example("unit-testing")
    passed = own.follow(
        ".venv/bin/python -m pytest",
        PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
        PYTEST_PLUGINS="quant_sessions_provider.testing",
    )
    assert "11 passed" in passed
    talk = [{"role": "user", "content": "Is it open?"}, {"role": "assistant", "content": "No."}]
    emulator.seed(ORGANIZATION, "earlier", userId="ada", messages=talk)
    own.config("earlier", "earlier")
    own.up()
    assert own.violations() == []
    (session,) = [s for s in emulator.sessions(ORGANIZATION) if s["id"] == own.resources()["desk"]["id"]]
    assert session["messages"][1:] == talk[:1]


@pytest.mark.parametrize("name", NAMES)
def test_each_example_describes_its_configuration_and_lists_its_requirements(name: str) -> None:
    project = yaml.safe_load((EXAMPLES / name / "Pulumi.yaml").read_text())
    assert project["name"] == name
    assert all(option["description"] and option["type"] for option in project["config"].values())
    extra = "testing" if name == "unit-testing" else "emulator"  # the one includes the other
    assert f"quant-sessions-provider[{extra}]" in (EXAMPLES / name / "requirements.txt").read_text()


def test_every_example_is_tested() -> None:
    assert {folder.name for folder in EXAMPLES.iterdir() if folder.is_dir()} == {*NAMES, *TESTED_ELSEWHERE}
