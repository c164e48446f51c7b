"""No process of the plugin outlives a run, however the run ends, and no answer is lost that could be waited for."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.support.killing import UNTIL_KILLED, CliRun, wait_in_flight, wait_until
from tests.support.project_plugin import BIN, PLUGIN_FILE
from tests.support.yaml_project import YamlProject, session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.emulator_server import Emulator

UP: Final = ("up", "--yes", "--skip-preview")
SLOW: Final[dict[str, Any]] = {"chunkBytes": 64, "pauseMs": 700}
"""A slow response of about two seconds."""


_RECORDING: Final = """\
#!/bin/sh
trap "" INT TERM
echo start >> {folder}/starts.txt
{plugin} "$@"
echo $? >> {folder}/ends.txt
"""
"""Keeps each start, and how the plugin ended; nothing of that if the engine killed it."""


@pytest.fixture
def project(tmp_path: Path, emulator: Emulator) -> YamlProject:
    for name in ("temporary", "bin"):
        (tmp_path / name).mkdir()
    plugin = tmp_path / "bin" / PLUGIN_FILE
    plugin.write_text(_RECORDING.format(plugin=BIN / PLUGIN_FILE, folder=tmp_path))
    plugin.chmod(0o755)
    (tmp_path / "ends.txt").touch()
    emulator.clear_faults()
    emulator.clear()
    made = YamlProject(tmp_path, emulator.variables(tmp_path.name) | {"TMPDIR": str(tmp_path / "temporary")})
    _declare(made)
    return made


def _declare(project: YamlProject, **properties: Any) -> None:  # noqa: ANN401 - YAML
    plugins = {"providers": [{"name": "quant-sessions", "path": str(project.folder / "bin")}]}
    project.program({"desk": session("ada", **properties)}, plugins=plugins)


def _is_over(project: YamlProject, run: CliRun) -> None:
    """Wait until the run is over. Assert that nothing is left of it, and that nothing went wrong at its end."""
    run.wait()
    wait_until(lambda: "provider" not in run.processes().values())
    # An engine waits for a plugin that does not end by itself, and then kills it.
    starts, ends = ((project.folder / name).read_text().split() for name in ("starts.txt", "ends.txt"))
    assert ends == ["0"] * len(starts)
    assert not any(word in run.text for word in ("Traceback", "KeyboardInterrupt", "exited prematurely"))
    assert list((project.folder / "temporary").iterdir()) == []


@pytest.mark.parametrize("refused", [False, True])
def test_no_process_outlives_a_run(project: YamlProject, emulator: Emulator, *, refused: bool) -> None:
    if refused:
        emulator.fault("status", method="POST", status=422)
    with project.start(*UP) as run:
        _is_over(project, run)


@pytest.mark.parametrize("end", [CliRun.interrupt, CliRun.terminate])
def test_a_run_that_is_stopped_waits_for_the_answer_in_flight_and_records_it(
    project: YamlProject, emulator: Emulator, end: Callable[[CliRun], None]
) -> None:
    emulator.fault("slow", "after", method="POST", **SLOW)
    with project.start(*UP) as run:
        wait_in_flight(emulator, "POST")
        end(run)
        _is_over(project, run)
    (made,) = emulator.sessions(project.folder.name)
    assert project.sessions()["desk"]["id"] == made["id"]
    assert not project.export().get("pending_operations")


def test_a_plugin_ends_that_has_no_engine_any_more(project: YamlProject, emulator: Emulator) -> None:
    emulator.fault("slow", "before", method="POST", **UNTIL_KILLED)
    with project.start(*UP) as run:
        wait_in_flight(emulator, "POST")
        run.kill("engine")
        wait_until(lambda: "provider" not in run.processes().values())


@contextmanager
def _plugin(environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run the plugin without an engine, and return it with its port."""
    command = [BIN / PLUGIN_FILE]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as plugin:  # noqa: S603 - the plugin under test
        try:
            assert plugin.stdout
            yield plugin, int(plugin.stdout.readline())
        finally:
            plugin.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_plugin_without_an_engine_ends_when_it_is_told(number: signal.Signals) -> None:
    with _plugin({**os.environ}) as (plugin, _port):
        os.kill(plugin.pid, number)
        assert plugin.wait(60) == 0


def test_an_attached_plugin_serves_run_after_run(project: YamlProject, emulator: Emulator) -> None:
    with _plugin(project.environment()) as (plugin, port):
        project.variables["PULUMI_DEBUG_PROVIDERS"] = f"quant-sessions:{port}"
        assert "desk: lives 60 minutes" in project.up()
        _declare(project, metadata={"v": 1})
        emulator.fault("slow", "before", method="PUT", **UNTIL_KILLED)
        with project.start(*UP) as run:
            wait_in_flight(emulator, "PUT")
            run.kill("engine")
        emulator.clear_faults()
        project.ok("cancel", "--yes", "--stack", "main")
        assert "desk: sends its metadata" in project.up()
        assert plugin.poll() is None
    (made,) = emulator.sessions(project.folder.name)
    assert (made["id"], made["metadata"]) == (project.sessions()["desk"]["id"], {"v": 1})
