"""Random runs of a stack on the real engine, whose processes are killed at random times.

The seed determines the programs and the faults, but not when exactly a kill happens: the processes are real.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from pydantic.alias_generators import to_snake

from quant_sessions_provider.core.urns import SESSION_TYPES
from tests.chaos import programs, verdict
from tests.chaos.leftovers import Leftovers
from tests.chaos.tally import FAILING, Tally
from tests.support.killing import wait_until
from tests.support.project import PROGRAM, Project

if TYPE_CHECKING:
    from pathlib import Path

    from quant_sessions_provider.core.model import Properties
    from tests.support.emulator_server import Emulator
    from tests.support.killing import CliRun, Role

UP: Final = ("up", "--yes", "--skip-preview")
THREADS: Final = 4
"""The most creations that the dynamic provider's host has in flight; the programs have fewer sessions."""
_TARGETS: Final[tuple[Role, ...]] = ("engine", "engine", "provider", "language-host", "program")
_KILLS: Final = 0.6
_CLEAR_MINUTES: Final = 10
"""More than the last run and the plan after it take."""


@dataclass
class EngineLife:
    """A project on disk with its own organization in the emulator; half of the seeds are on the plugin."""

    folder: Path
    emulator: Emulator
    seed: int
    tally: Tally = field(default_factory=lambda: Tally(lives=1))
    problems: list[str] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    """The output of each run."""
    leftovers: Leftovers = field(default_factory=Leftovers)
    said_gone: set[str] = field(default_factory=set)
    """Sessions for which a gateway answered 404."""
    killed_creations: int = 0
    """Creations that took effect in killed runs, at most ``THREADS`` per run."""

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311 - chance, not secrecy
        self.organization = f"engine-life-{self.seed}"
        # Short delays and timeouts: retries are not tested here.
        more = {"QUANTCDN_MAX_DELAY_MS": "50", "QUANTCDN_TIMEOUT_SECONDS": "10"}
        self._has_plugin = not self.seed % 2
        program = PROGRAM.replace("provider import", "provider.native import") if self._has_plugin else PROGRAM
        variables = self.emulator.variables(self.organization)
        self.project = Project(self.folder, variables | more, program, plugin=self._has_plugin)

    def live(self) -> EngineLife:
        """Do all runs, and check the result."""
        self.project.init()
        self.emulator.faults(rate=FAILING, seed=self.seed)
        program: dict[str, Properties] = {}
        for _ in range(self.random.randint(3, 5)):
            program = self._edited(program)
            self._run(kill=self.random.random() < _KILLS)
        self.emulator.clear_faults()
        self._settle(program)
        return self

    def _edited(self, program: dict[str, Properties]) -> dict[str, Properties]:
        after = program
        for _ in range(2 if program else 5):
            after = programs.edited(after, self.random, datetime.now(timezone.utc))
        sessions = self._sessions()
        for name, declared in after.items():
            # Check would refuse the program before anything happens.
            # A renewal that is due again within minutes would be in the second plan.
            if declared.get("renewBeforeMinutes", 0) > declared.get("expirationMinutes", 60) - _CLEAR_MINUTES:
                del declared["renewBeforeMinutes"]
            resource = sessions.get(name)
            if resource:
                self.leftovers.edited(name, declared, resource["id"], resource["inputs"])
        self._declare(after)
        return after

    def _declare(self, program: dict[str, Properties]) -> None:
        """Write the declarations. The project sets each session's user to its name, as these programs do."""
        arguments = {
            name: {to_snake(key): value for key, value in declared.items() if key != "userId"}
            for name, declared in program.items()
        }
        self.project.declare(**arguments)

    def _sessions(self) -> dict[str, dict[str, Any]]:
        """Return the sessions in state, without replaced ones that are not deleted yet."""
        found = [r for r in self.project.export().get("resources", []) if r["type"] in SESSION_TYPES]
        return {r["urn"].rsplit("::", 1)[-1]: r for r in found if not r.get("delete")}

    # --- runs -----------------------------------------------------------------------------------------------

    def _run(self, *, kill: bool) -> bool:
        self.tally.runs += 1
        self.emulator.clear()
        before = {name: resource["id"] for name, resource in self._sessions().items()}
        with self.project.start(*UP) as run:
            killed = kill and self._kill(run)
            good = run.wait() == 0
            if self._has_plugin or not killed:
                self._nothing_is_left_of(run)
        self.printed.append(run.text)
        if killed:
            self._recover()
        self._count(good=good, killed=killed)
        if good:
            after = {name: resource["id"] for name, resource in self._sessions().items()}
            for name, session in before.items():
                self.leftovers.succeeded(name, session, after.get(name))
        return good

    def _nothing_is_left_of(self, run: CliRun) -> None:
        try:
            wait_until(lambda: "provider" not in run.processes().values())
        except TimeoutError:
            self.problems.append(f"the provider outlives a run: {run.text}")

    def _kill(self, run: CliRun) -> bool:
        """Kill a process during a request or between two. Return whether anything was killed."""
        request, role = self.random.randint(1, 3), self.random.choice(_TARGETS)
        pause = self.random.random() / 20
        wait_until(lambda: run.ended or len(self.emulator.requests()) >= request)
        time.sleep(pause)
        return bool(run.kill(role))

    def _recover(self) -> None:
        """Do what docs/recovery.md recommends after a kill."""
        for attributes in self.folder.glob("backend/.pulumi/stacks/**/*.attrs"):
            if not attributes.stat().st_size:
                attributes.unlink()
        self.project.cli("cancel", "--yes", "--stack", "main")

    def _count(self, *, good: bool, killed: bool) -> None:
        requests = self.emulator.requests()
        self.tally.kills += killed
        self.tally.failed_runs += not good
        self.tally.sent(requests)
        self.said_gone |= verdict.said_gone(requests)
        if not good:
            self.leftovers.failed(requests)
        if killed:
            made = sum(request["method"] == "POST" and request["effect"] for request in requests)
            self.killed_creations += min(made, THREADS)

    # --- the end --------------------------------------------------------------------------------------------

    def _settle(self, program: dict[str, Properties]) -> None:
        """Run once without faults, and check the result."""
        program = programs.settled(program, datetime.now(timezone.utc))
        self._declare(program)
        if not self._run(kill=False):
            self.problems.append(f"the last run failed: {self.printed[-1]}")
            return
        end = self._result(program)
        self.problems += verdict.problems(end)
        self.tally.end(end)
        again = self.project.cli("preview", "--expect-no-changes")
        self.problems += [f"a second plan is not empty: {again.stdout}"] if again.returncode else []

    def _result(self, program: dict[str, Properties]) -> verdict.Ending:
        sessions = self._sessions()
        return verdict.Ending(
            declared=program,
            ids={name: resource["id"] for name, resource in sessions.items()},
            until={name: resource["outputs"]["expiresAt"] for name, resource in sessions.items()},
            stored=self.emulator.sessions(self.organization),
            now=datetime.now(timezone.utc),
            errors=self.printed,
            killed_creations=self.killed_creations,
            said_gone=self.said_gone,
            left_over=self.leftovers.left_over,
        )
