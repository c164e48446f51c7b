"""Measure the steps of a Pulumi stack, each a run of the real CLI."""

from __future__ import annotations

import json
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.api import running_api
from benchmarks.meter import FailedError, measure
from benchmarks.reading import Contestant, Reading, Step, Traffic
from tests.support.project import Project
from tests.support.project_plugin import BIN

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from benchmarks.plan import Entry
    from benchmarks.reading import Case, Usage

_PROGRAM: Final = "from benchmarks.program import declare\n\ndeclare()\n"
_FLOOR_PLUGIN: Final = f"#!{sys.executable}\nfrom benchmarks.floor_plugin import serve\n\nserve()\n"
_APPLY: Final = ("--yes", "--skip-preview")
_COMMANDS: Final = {
    Step.CREATE: ("up", *_APPLY),
    Step.PREVIEW: ("preview", "--expect-no-changes"),
    Step.SAME: ("up", *_APPLY, "--expect-no-changes"),
    Step.REFRESH: ("refresh", *_APPLY),
    Step.EXTEND: ("up", *_APPLY),
    Step.APPEND: ("up", *_APPLY),
    Step.DESTROY: ("destroy", *_APPLY),
}
_CHANGES: Final = {
    Step.EXTEND: {"BENCH_EXTENDED": "yes"},
    Step.APPEND: {"BENCH_EXTENDED": "yes", "BENCH_APPENDED": "yes"},
}


def read_steps(entry: Entry) -> Generator[Reading]:
    """Run and measure the steps on a new stack. A floor needs no API.

    Raises:
        FailedError: a run failed.

    """
    with ExitStack() as stacks:
        api = None if entry.contestant.is_floor else stacks.enter_context(running_api())
        project = stacks.enter_context(_project(entry, api.variables() if api else {}))
        for step, case in entry.steps:
            if api:
                api.set_latency(case.latency_ms)
            usage = _measure(project, step, case)
            traffic = api.traffic() if api else Traffic({}, 0)
            yield Reading(entry.contestant, step, case, usage, traffic, project.state_bytes())


def _measure(project: Project, step: Step, case: Case) -> Usage:
    command = project.command(*_COMMANDS[step], "--parallel", str(case.parallel))
    return measure(command, project.folder, project.environment() | _CHANGES.get(step, {}))


@contextmanager
def _project(entry: Entry, variables: dict[str, str]) -> Iterator[Project]:
    who, sessions = entry.contestant, entry.steps[0][1].sessions
    size = {"BENCH_CONTESTANT": who.value, "BENCH_SESSIONS": str(sessions)}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        project = Project(Path(folder), {**variables, **size, **who.settings}, _PROGRAM)
        _name_plugin(who, project.folder)
        made = project.cli("stack", "init", "main")
        if made.returncode:
            raise FailedError(made.stdout + made.stderr)
        yield project


def _name_plugin(contestant: Contestant, folder: Path) -> None:
    """Write into ``Pulumi.yaml`` where the plugin is, under one name for both: so the program is the same."""
    if contestant not in (Contestant.PLUGIN, Contestant.PLUGIN_FLOOR):
        return
    place = BIN
    if contestant is Contestant.PLUGIN_FLOOR:
        place = folder / "bin"
        place.mkdir()
        script = place / "pulumi-resource-quant-sessions"
        script.write_text(_FLOOR_PLUGIN)
        script.chmod(0o755)
    file = folder / "Pulumi.yaml"
    plugins = {"providers": [{"name": "quant-sessions", "path": str(place)}]}
    file.write_text(json.dumps(json.loads(file.read_text()) | {"plugins": plugins}))
