"""Each example on the real engine, as its README tells it; what the README shows must be what the runs printed."""

from __future__ import annotations

import json
import runpy
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
import yaml
from cronsim import CronSim

from quant_sessions_provider import instants
from tests.acceptance.conftest import ORGANIZATION
from tests.ageing import age
from tests.examples import EXAMPLES, Example
from tests.mocked import run_mocked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.emulator_server import Emulator

NAMES = ("pull-request", "qa-smoke", "workshop", "agency", "on-call", "unit-testing")
TESTED_ELSEWHERE = ("quickstart", "policies")


@pytest.fixture
def example(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> Iterator[Callable[[str], Example]]:
    """Copy an example; look-ups of inline programs read this process's own variables."""
    variables = emulator.variables(ORGANIZATION)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield lambda name: Example(name, tmp_path_factory.mktemp(name) / name, variables)


def _live(emulator: Emulator, group: str) -> list[dict[str, Any]]:
    return [session for session in emulator.sessions(ORGANIZATION) if session["sessionGroup"] == group]


def test_pull_request(example: Callable[[str], Example], emulator: Emulator) -> None:
    """By the real CLI alone, from the workflow's own scripts; its job that destroys has a checkout of its own."""
    pull_request = example("pull-request")
    job = {"STACK": "pr-412", "COMMIT": "5f3c2e1", "GITHUB_OUTPUT": "outputs", "SESSION_ID": ""}
    pull_request.shell(pull_request.job("workflow.yml", "up"), **job)
    (session,) = _live(emulator, "pull-requests")
    assert (pull_request.home / "outputs").read_text() == f"id={session['id']}\n"
    assert session["userId"] == "shop-pr-412"
    assert session["metadata"] == {"pullRequest": "412", "commit": "5f3c2e1"}

    pull_request.edit("__main__.py", "Which shoes", "Which boots")
    pull_request.shell("pulumi preview")
    assert pull_request.untrue() == []

    (pull_request.home / "Pulumi.pr-412.yaml").unlink()
    pull_request.shell(pull_request.job("workflow.yml", "destroy"), **job)
    assert not _live(emulator, "pull-requests")
    assert pull_request.shell("pulumi stack ls --json").count("pr-412") == 0


def test_a_stack_that_is_named_after_no_pull_request_is_refused() -> None:
    program = EXAMPLES / "pull-request" / "__main__.py"
    with pytest.raises(pulumi.RunError, match=r"^stack stack: must be named after its pull request, such as pr-412$"):
        run_mocked(lambda: runpy.run_path(str(program)))


def test_qa_smoke(example: Callable[[str], Example], emulator: Emulator) -> None:
    smoke = example("qa-smoke")
    smoke.up()
    (session,) = _live(emulator, "smoke-tests")
    text = (smoke.home / "conversation.yaml").read_text()
    assert session["messages"] == yaml.safe_load(text)

    age(smoke, emulator, {"smoke": 5})
    smoke.edit("conversation.yaml", "ask for a PIN", "ask for a PIN or a password")
    assert smoke.preview(diff=True).ops("smoke") == ["create-replacement", "replace", "delete-replaced"]
    (smoke.home / "conversation.yaml").write_text(f"{text}- role: user\n  content: Yes, please.\n")
    assert smoke.preview().ops("smoke") == ["update"]
    assert smoke.untrue() == []


def test_workshop(example: Callable[[str], Example], emulator: Emulator) -> None:
    workshop = example("workshop")
    end = (datetime.now(timezone.utc) + timedelta(hours=8)).replace(microsecond=0)
    workshop.config("ends-at", end.isoformat())
    workshop.preview()
    workshop.up()
    sessions = _live(emulator, "workshop-test")
    assert {session["userId"]: session["id"] for session in sessions} == workshop.outputs()["session_ids"]
    assert {round((end - instants.parse(session["expiresAt"])).total_seconds() / 60) for session in sessions} == {0}

    workshop.edit("Pulumi.yaml", "default: [ada, bob]", "default: [ada, eve]")
    assert workshop.preview().ops("workshop-ada") == ["same"]
    assert workshop.untrue() == []


def test_agency(example: Callable[[str], Example], emulator: Emulator) -> None:
    agency = example("agency")
    agency.follow("pulumi config set quant-sessions:transcriptDir ~/transcripts")
    emulator.seed(ORGANIZATION, "made-by-others", sessionGroup="florist")
    agency.up()
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
    assert not _live(emulator, "bakery")
    (bakery,) = _live(emulator, "bakery-berlin")
    assert bakery["metadata"] == {"client": "bakery", "contract": "basic"}
    assert {session["metadata"].get("contract") for session in _live(emulator, "florist")} == {None, "premium"}


def test_on_call(example: Callable[[str], Example], emulator: Emulator) -> None:
    on_call = example("on-call")
    on_call.up()
    age(on_call, emulator, {"shift": 60})
    on_call.preview()
    on_call.up()
    (session,) = _live(emulator, "operations")
    left = instants.parse(session["expiresAt"]) - datetime.now(timezone.utc)
    assert timedelta(minutes=88) < left < timedelta(minutes=92)

    on_call.shell(on_call.job("schedule.yml", "up"), STACK="test", SHIFT="day", SHIFT_OVER="true")
    (session,) = _live(emulator, "operations")
    assert (session["userId"], session["status"]) == ("on-call-day", "completed")
    assert on_call.untrue() == []


def test_scheduled_runs_lie_closer_together_than_sessions_are_renewed() -> None:
    # YAML takes the key `on` for a truth.
    (cron,) = yaml.safe_load((EXAMPLES / "on-call" / "schedule.yml").read_text())[True]["schedule"]
    assert f"    {cron['cron']} cd " in (EXAMPLES / "on-call" / "README.md").read_text()
    first, second = (next(runs) for runs in [CronSim(cron["cron"], datetime(2026, 11, 24, tzinfo=timezone.utc))] * 2)
    config = yaml.safe_load((EXAMPLES / "on-call" / "Pulumi.yaml").read_text())["config"]
    left_out = 2
    assert (left_out + 1) * (second - first) <= timedelta(minutes=config["renew-before-minutes"]["default"])


def test_unit_testing(example: Callable[[str], Example], emulator: Emulator) -> None:
    """Its tests pass by themselves, and the engine takes up a real session as they say."""
    own = example("unit-testing")
    passed = own.follow(".venv/bin/python -m pytest", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert "6 passed" in passed
    talk = [{"role": "user", "content": "Is it open?"}, {"role": "assistant", "content": "No."}]
    emulator.seed(ORGANIZATION, "earlier", userId="ada", messages=talk)
    own.config("earlier", "earlier")
    own.up()
    (session,) = [s for s in emulator.sessions(ORGANIZATION) if s["id"] == own.resources()["desk"]["id"]]
    assert session["messages"][1:] == talk[:1]


@pytest.mark.parametrize("name", NAMES)
def test_each_example_says_what_its_configuration_means_and_what_it_needs(name: str) -> None:
    project = yaml.safe_load((EXAMPLES / name / "Pulumi.yaml").read_text())
    assert project["name"] == name
    assert all(option["description"] and option["type"] for option in project["config"].values())
    assert "quant-sessions-provider[emulator]" in (EXAMPLES / name / "requirements.txt").read_text()


def test_every_example_is_tested() -> None:
    assert {folder.name for folder in EXAMPLES.iterdir() if folder.is_dir()} == {*NAMES, *TESTED_ELSEWHERE}
