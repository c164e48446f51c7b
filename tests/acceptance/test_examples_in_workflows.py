"""Run the jobs of the examples' workflows with the real CLI."""

from __future__ import annotations

import runpy
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pulumi
import pytest
import yaml
from cronsim import CronSim

from quant_sessions_provider.core import timestamps
from tests.acceptance.conftest import ORGANIZATION
from tests.support.ageing import age
from tests.support.examples import EXAMPLES
from tests.support.mocked import run_mocked

if TYPE_CHECKING:
    from tests.acceptance.conftest import NewExample
    from tests.support.emulator_server import Emulator


def test_pull_request(example: NewExample, emulator: Emulator) -> None:
    """The destroy job has its own checkout, and so no configuration of the stack."""
    pull_request = example("pull-request", "pr-412")
    job = {"STACK": "pr-412", "COMMIT": "5f3c2e1", "GITHUB_OUTPUT": "outputs", "SESSION_ID": ""}
    pull_request.shell(pull_request.job("workflow.yml", "up"), **job)
    (session,) = emulator.group(ORGANIZATION, "pull-requests")
    assert (pull_request.home / "outputs").read_text() == f"id={session['id']}\n"
    assert session["userId"] == "shop-pr-412"
    assert session["metadata"] == {"pullRequest": "412", "commit": "5f3c2e1"}

    # Its README says why.
    assert {line.splitlines()[0] for line in pull_request.violations()} == {"expirationMinutes: must be at most 480"}

    talk = [{"role": "user", "content": "Any in red?"}, {"role": "assistant", "content": "Two pairs."}]
    emulator.append(ORGANIZATION, session["id"], talk)
    pull_request.edit("__main__.py", "Which shoes", "Which boots")
    pull_request.preview()
    assert pull_request.untrue() == []

    (pull_request.home / "Pulumi.pr-412.yaml").unlink()
    pull_request.shell(pull_request.job("workflow.yml", "destroy"), **job)
    assert not emulator.group(ORGANIZATION, "pull-requests")
    assert pull_request.shell("pulumi stack ls --json").count("pr-412") == 0


def test_a_stack_not_named_after_a_pull_request_is_refused() -> None:
    program = EXAMPLES / "pull-request" / "__main__.py"
    with pytest.raises(pulumi.RunError, match=r"^stack stack: must be named after its pull request, such as pr-412$"):
        run_mocked(lambda: runpy.run_path(str(program)))


def test_on_call(example: NewExample, emulator: Emulator) -> None:
    on_call = example("on-call")
    on_call.up()
    assert on_call.violations() == []
    age(on_call, emulator, {"shift": 60})
    (before,) = emulator.group(ORGANIZATION, "operations")
    on_call.preview()
    on_call.up()
    (session,) = emulator.group(ORGANIZATION, "operations")
    added = timestamps.parse(session["expiresAt"]) - timestamps.parse(before["expiresAt"])
    assert added > timedelta(minutes=60)

    on_call.shell(on_call.job("schedule.yml", "up"), STACK="test", SHIFT="day", SHIFT_OVER="true")
    (session,) = emulator.group(ORGANIZATION, "operations")
    assert (session["userId"], session["status"]) == ("on-call-day", "completed")
    assert on_call.untrue() == []


def test_the_renewal_window_covers_two_skipped_runs() -> None:
    # YAML parses the key `on` as true.
    (cron,) = yaml.safe_load((EXAMPLES / "on-call" / "schedule.yml").read_text())[True]["schedule"]
    assert f"    {cron['cron']} cd " in (EXAMPLES / "on-call" / "README.md").read_text()
    first, second = (next(runs) for runs in [CronSim(cron["cron"], datetime(2026, 11, 24, tzinfo=timezone.utc))] * 2)
    config = yaml.safe_load((EXAMPLES / "on-call" / "Pulumi.yaml").read_text())["config"]
    skipped = 2
    assert (skipped + 1) * (second - first) <= timedelta(minutes=config["renew-before-minutes"]["default"])
