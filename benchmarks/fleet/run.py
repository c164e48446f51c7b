"""Measure a setup: create, run again without a change, destroy; each step is checked by what the API has."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import official
from benchmarks.api import running_api
from benchmarks.fleet.plan import LATENCY_MS, Reading, Setup
from benchmarks.meter import FailedError
from benchmarks.plan import Entry
from benchmarks.reading import Case, Contestant, Step
from tests.support.engine import pulumi_command
from tests.support.fleet_parts import dask, postgres
from tests.support.fleet_world import COMMAND
from tests.support.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.api import Api
    from benchmarks.fleet.plan import StepName
    from tests.support.fleet_parts import Postgres

_PROGRAM: Final = """\
from benchmarks.program import declare
from quant_sessions_provider import fleet

declare(fleet.members)
"""
_APPLY: Final = ("--yes", "--skip-preview")
_VERBS: Final[dict[StepName, str]] = {"create": "up", "unchanged": "up", "destroy": "destroy"}
_CLIENT: Final[dict[Step, StepName]] = {Step.CREATE: "create", Step.DESTROY: "destroy"}
# What fleets set; so one stack is measured as they are.
_ENGINE: Final = {"PULUMI_DIY_BACKEND_ZSTD": "true", "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true"}


@contextmanager
def databases(*, needed: bool) -> Iterator[Postgres | None]:
    """Run Postgres, if a setup needs it."""
    with ExitStack() as stacks:
        yield stacks.enter_context(postgres()) if needed else None


def measure(setup: Setup, server: Postgres | None, number: int) -> Iterator[Reading]:
    """Yield what each step took.

    Raises:
        FailedError: a step failed, or the API does not have what it should.

    """
    if setup.is_client:
        case = Case(setup.sessions, LATENCY_MS)
        entry = Entry(Contestant.THREADS, tuple((step, case) for step in _CLIENT))
        for found in official.read_steps(entry):
            yield Reading(setup, _CLIENT[found.step], found.usage.seconds)
        return
    backend = server.create(f"bench{number}") if server and setup.backend == "postgres" else ""
    with running_api() as api, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        api.set_latency(LATENCY_MS)
        with _Bench(setup, Path(folder), api, backend).entered() as bench:
            yield from bench.steps()


class _Bench:
    """A project on disk, run as one stack or as a fleet."""

    def __init__(self, setup: Setup, folder: Path, api: Api, backend: str) -> None:
        self._setup, self._api = setup, api
        size = {"BENCH_CONTESTANT": "provider", "BENCH_SESSIONS": str(setup.sessions)}
        place = {"PULUMI_BACKEND_URL": backend} if backend else {}
        place["PATH"] = os.pathsep.join([str(Path(pulumi_command().command).parent), os.environ["PATH"]])
        self._project = Project(folder, {**api.variables(), **size, **_ENGINE, **place}, _PROGRAM)
        self._file = folder / "fleet.yaml"
        url = backend or f"file://{folder}/backend"
        values = {"name": "bench", "shards": setup.shards, "parallel": setup.slots, "backend": url}
        self._file.write_text(json.dumps(values))
        self._options: tuple[str, ...] = ()

    @contextmanager
    def entered(self) -> Iterator[_Bench]:
        """Make what is not measured: the one stack, or the cluster."""
        with ExitStack() as stacks:
            if self._setup.is_one_stack:
                self._require(self._project.cli("stack", "init", "main"))
            if self._setup.pool == "Dask":
                cluster = stacks.enter_context(dask(self._project.environment(), workers=1, threads=self._setup.slots))
                self._options = ("--scheduler", cluster.scheduler)
            yield self

    def steps(self) -> Iterator[Reading]:
        """Yield what each step took."""
        for step, verb in _VERBS.items():
            began = time.perf_counter()
            self._run(verb)
            yield Reading(self._setup, step, time.perf_counter() - began)
            there, due = self._api.count(), 0 if verb == "destroy" else self._setup.sessions
            if there != due:
                raise FailedError(f"after {step} the API has {there} sessions instead of {due}")

    def _run(self, verb: str) -> None:
        if self._setup.is_one_stack:
            self._require(self._project.cli(verb, *_APPLY))
            return
        yes = ("--yes",) if verb == "destroy" else ()
        command = [str(COMMAND), "fleet", verb, str(self._file), "--json", *yes, *self._options]
        environment = self._project.environment()
        self._require(subprocess.run(command, env=environment, check=False, capture_output=True, text=True))

    def _require(self, done: subprocess.CompletedProcess[str]) -> None:
        if done.returncode:
            raise FailedError(done.stdout + done.stderr)
