"""The systemd unit, the CronJob and the workflow in ``examples/keep`` are valid, and call the command as it is."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from configparser import ConfigParser
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import pytest
import yaml
from cronsim import CronSim
from typer.testing import CliRunner

from quant_sessions_provider.cli.app import app
from quant_sessions_provider.keep.keeper import WAITS
from tests.support.runner import ROOT

EXAMPLES: Final = ROOT / "examples" / "keep"
UNIT: Final = EXAMPLES / "quant-sessions-keep.service"
CRONJOB: Final[dict[str, Any]] = yaml.safe_load((EXAMPLES / "cronjob.yaml").read_text())
WORKFLOW: Final[dict[Any, Any]] = yaml.safe_load((EXAMPLES / "workflow.yml").read_text())
SCHEMA: Final[dict[str, Any]] = json.loads((ROOT / "tests" / "support" / "cronjob.schema.json").read_text())
POD: Final = CRONJOB["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def service() -> dict[str, str]:
    parsed = ConfigParser(interpolation=None, delimiters="=", comment_prefixes="#")
    parsed.read_string(UNIT.read_text())
    return dict(parsed["Service"])


def verified(folder: Path, unit: str) -> str:
    """Return what ``systemd-analyze verify`` says about a unit, with a project where it expects one."""
    tool = shutil.which("systemd-analyze")
    assert tool, "systemd-analyze was not found: install systemd (Debian, Ubuntu: sudo apt install systemd)"
    command = folder / "agents" / ".venv" / "bin" / "quant-sessions"
    command.parent.mkdir(parents=True)
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    file = folder / UNIT.name
    file.write_text(unit.replace("/srv/agents", str(folder / "agents")))
    done = subprocess.run([tool, "verify", "--man=no", file], capture_output=True, text=True, check=False)  # noqa: S603 - found above
    # It also reads the units that this one names, which are the machine's.
    return "\n".join(line for line in done.stderr.splitlines() if UNIT.name in line)


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    assert verified(tmp_path, UNIT.read_text()) == ""


def test_systemd_would_not_accept_a_wrong_one(tmp_path: Path) -> None:
    wrong = UNIT.read_text().replace("Type=exec", "Type=exce").replace("KillMode=", "KilMode=")
    said = verified(tmp_path, wrong)
    assert "exce" in said
    assert "KilMode" in said


def test_the_unit_lets_a_run_end_and_does_not_restart_what_waits_for_a_person() -> None:
    found = service()
    assert (found["killmode"], found["restartpreventexitstatus"]) == ("process", str(WAITS))


def test_the_cronjob_is_one() -> None:
    assert [str(error) for error in jsonschema_rs.validator_for(SCHEMA).iter_errors(CRONJOB)] == []


def test_a_wrong_cronjob_is_none() -> None:
    wrong = json.loads(json.dumps(CRONJOB).replace('"envFrom"', '"envform"').replace('"Forbid"', "1"))
    found = [error.message for error in jsonschema_rs.validator_for(SCHEMA).iter_errors(wrong)]
    assert len(found) == 2, found


def test_no_two_jobs_run_at_once_and_a_job_is_tried_once() -> None:
    assert CRONJOB["spec"]["concurrencyPolicy"] == "Forbid"
    assert (CRONJOB["spec"]["jobTemplate"]["spec"]["backoffLimit"], POD["restartPolicy"]) == (0, "Never")
    assert "concurrency" in WORKFLOW


@pytest.mark.parametrize("line", [CRONJOB["spec"]["schedule"], WORKFLOW[True]["schedule"][0]["cron"]])
def test_the_schedules_are_valid(line: str) -> None:
    assert next(CronSim(line, datetime.now(timezone.utc)))


@pytest.mark.parametrize(
    "command",
    [
        shlex.split(service()["execstart"]),
        POD["containers"][0]["command"],
        shlex.split(WORKFLOW["jobs"]["keep"]["steps"][-1]["run"], comments=True),
    ],
)
def test_the_command_takes_these_options(command: list[str]) -> None:
    program, *arguments = command
    assert Path(program).name == "quant-sessions"
    # Options are parsed before the help is printed.
    assert CliRunner().invoke(app, [*arguments, "--help"]).exit_code == 0
    assert CliRunner().invoke(app, [*arguments, "--onec", "--help"]).exit_code == 2
