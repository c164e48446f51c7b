"""Measure the steps of a Pulumi stack, each a run of the real CLI."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.meter import measure
from benchmarks.reading import Case, Contestant, Reading, Step, Traffic
from tests.support.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from benchmarks.api import Api

_PROGRAM: Final = "from benchmarks.program import declare\n\ndeclare()\n"
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


def read_steps(contestant: Contestant, case: Case, api: Api | None, steps: Iterable[Step]) -> Iterator[Reading]:
    """Run and measure the steps on a new stack. The floor needs no API."""
    points = api.variables() if api else {}
    size = {"BENCH_CONTESTANT": contestant.value, "BENCH_SESSIONS": str(case.sessions)}
    with _project({**points, **size, **contestant.settings}) as project:
        for step in steps:
            environment = project.environment() | _CHANGES.get(step, {})
            usage = measure(project.command(*_COMMANDS[step]), project.folder, environment)
            traffic = api.traffic() if api else Traffic({}, 0)
            yield Reading(contestant, step, case, usage, traffic, project.state_bytes())


@contextmanager
def _project(variables: dict[str, str]) -> Iterator[Project]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        project = Project(Path(folder), variables, _PROGRAM)
        project.ok("stack", "init", "main")
        yield project
