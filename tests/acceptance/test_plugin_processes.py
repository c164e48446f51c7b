"""No process of the plugin outlives a run, however the run ends."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.conftest import ORGANIZATION
from tests.support.killing import UNTIL_KILLED, wait_in_flight, wait_until
from tests.support.project_plugin import BIN
from tests.support.yaml_project import YamlProject, session

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.emulator_server import Emulator


@pytest.fixture
def project(tmp_path: Path, emulator: Emulator) -> YamlProject:
    made = YamlProject(tmp_path, emulator.variables(ORGANIZATION) | {"QUANTCDN_TIMEOUT_SECONDS": "3"})
    made.program({"desk": session("ada")})
    return made


@pytest.mark.parametrize("ending", ["success", "failure", "interrupt", "kill"])
def test_no_process_outlives_a_run(project: YamlProject, emulator: Emulator, ending: str) -> None:
    if ending == "failure":
        emulator.fault("status", method="POST", status=422)
    elif ending != "success":
        emulator.fault("slow", "before", method="POST", **UNTIL_KILLED)
    with project.start("up", "--yes", "--skip-preview") as run:
        if ending in ("interrupt", "kill"):
            wait_in_flight(emulator, "POST")
            (run.interrupt if ending == "interrupt" else lambda: run.kill("engine"))()
        run.wait()
        wait_until(lambda: "provider" not in run.processes().values())
        assert "Traceback" not in run.text
        assert "KeyboardInterrupt" not in run.text
    emulator.clear_faults()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_plugin_that_is_told_to_end_ends(number: signal.Signals) -> None:
    command = [BIN / "pulumi-resource-quant-sessions"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as plugin:  # noqa: S603 - the plugin under test
        assert plugin.stdout
        assert plugin.stdout.readline().strip().isdigit()
        os.kill(plugin.pid, number)
        assert plugin.wait(60) == 0
