"""Random runs of a stack: the program changes, the network fails, the engine is killed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

from quant_sessions_provider.core.model import REPLACING
from quant_sessions_provider.emulator.behaviours import Behaviours, Interim
from quant_sessions_provider.emulator.control import to_json
from quant_sessions_provider.emulator.faults import Fault, FaultSetup
from tests.chaos import programs, verdict
from tests.chaos.leftovers import Leftovers
from tests.chaos.tally import FAILING, Tally
from tests.chaos.wire import connected_to, host_in
from tests.chaos.world import TOKEN, Kill, Killed, World
from tests.support.masking import UUID
from tests.support.mini_engine import MiniEngine, PlanError

if TYPE_CHECKING:
    from quant_sessions_provider.core.model import Properties

_TIMEOUTS = 0.01
_REFUSALS = 0.1
_KILLS = 0.15


@dataclass
class Life:
    """A stack on the model of the engine, on either host. ``trace`` is what happened; it depends only on the seed."""

    world: World
    seed: int
    tally: Tally = field(default_factory=lambda: Tally(lives=1))
    trace: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    program: dict[str, Properties] = field(default_factory=dict)
    engines: dict[str, MiniEngine] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    leftovers: Leftovers = field(default_factory=Leftovers)
    killed_creations: int = 0
    """Kills after a creation took effect and before it returned."""

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # noqa: S311 - chance, not secrecy
        self.organization = f"life-{self.seed}"

    def live(self) -> Life:
        """Do all runs, and check the result."""
        random.seed(self.seed)  # for the jitter of retries
        self.world.begin(self.random)
        with connected_to(self.world):
            self._arm_faults()
            for _ in range(self.random.randint(4, 8)):
                self._step()
            self._settle()
        self.tally.sent(self.world.log)
        self.trace += [_line(request) for request in self.world.log]
        self.trace = _with_stable_names(self.trace)
        return self

    def _arm_faults(self) -> None:
        slow = Fault(kind="slow", when="after", probability=_TIMEOUTS, pause_ms=60_000)
        self.world.arm(FaultSetup(rate=FAILING - _TIMEOUTS, seed=self.seed, faults=[slow]), _REFUSALS)
        self.world.behave(
            Behaviours(
                # A window or a summary hides what a lost append did, so that it may happen twice.
                messages=self.random.choice(("verbatim", "normalized", "withoutSystem", "newestFirst")),
                no_content=self.random.random() < 1 / 4,
                max_page_size=self.random.choice((100, 2)),
                interim=self.random.choice(get_args(Interim)),
            )
        )

    def _step(self) -> None:
        self._edit()
        if self.random.random() < _KILLS:
            self.world.kill = Kill(self.random.randint(1, 6), self.random.random() < 1 / 2)
        if self.random.random() < 1 / 5:
            self._run("refresh", {name: engine.refresh for name, engine in self.engines.items()})
        self._up()
        self.world.kill = None
        if self.random.random() < 1 / 4:
            minutes = self.random.choice((1, 20, 45, 61, 300))
            self.trace.append(f"{minutes} minutes pass")
            self.world.clock.sleep(60 * minutes)

    def _edit(self) -> None:
        edited = programs.edited(self.program, self.random, self.world.clock.now())
        for name, declared in edited.items():
            engine = self.engines.setdefault(name, self._engine())
            if not engine.accepts(declared):
                continue
            if engine.state:
                self.leftovers.edited(name, declared, engine.state.id, engine.state.inputs)
            self.program[name] = declared
        for name in self.program.keys() - edited.keys():
            del self.program[name]

    def _engine(self) -> MiniEngine:
        settings = {"bearer": TOKEN, "organization": self.organization, "baseUrl": "http://127.0.0.1:1"}
        return MiniEngine(host_in(self.world, self.seed, settings))

    # --- runs -----------------------------------------------------------------------------------------------

    def _up(self) -> bool:
        order = self.random.sample(sorted(self.program), len(self.program))
        changes = {name: self._change(name) for name in order}
        gone = sorted(self.engines.keys() - self.program.keys())
        return self._run("up", changes | {name: self.engines[name].destroy for name in gone})

    def _change(self, name: str) -> Any:  # noqa: ANN401 - a callable without arguments
        return lambda: self.engines[name].up(self.program[name])

    def _run(self, verb: str, calls: dict[str, Any]) -> bool:
        """Make all calls as one run of the engine. Stop at the first failure."""
        self.tally.runs += 1
        known = {state.id for engine in self.engines.values() if (state := engine.state)}
        for name, call in calls.items():
            engine, start = self.engines[name], len(self.world.log)
            before, doomed = engine.state, [state.id for state in engine.doomed]
            try:
                call()
            except (PlanError, Killed) as end:
                self._ended(f"{verb} {name}", end, start)
                return False
            finally:
                planned = [before.id] if before and (name not in self.program or _replaces(engine)) else []
                self._check_nothing_else_is_deleted(name, start, known - {*doomed, *planned})
                self._check_nothing_is_sent_twice(name, start)
            if verb == "up":
                after = self.engines[name].state
                self.leftovers.succeeded(name, before.id if before else None, after.id if after else None)
            self.trace.append(f"{verb} {name}: {engine.planned.op}")
        return True

    def _ended(self, what: str, end: BaseException, start: int) -> None:
        self.tally.failed_runs += 1
        self.tally.kills += isinstance(end, Killed)
        made = any(_not_idempotent(request) == "create" for request in self.world.log[start:])
        self.killed_creations += isinstance(end, Killed) and made
        self.errors += [f"{what}: {end}"] if isinstance(end, PlanError) else []
        self.trace.append(f"{what}: {end!r} {self.world.in_flight if isinstance(end, Killed) else ''}")
        self.leftovers.failed(self.world.log[start:])

    def _check_nothing_else_is_deleted(self, name: str, start: int, protected: set[str]) -> None:
        for request in self.world.log[start:]:
            session = request["path"].rsplit("/", 1)[-1]
            if request["method"] == "DELETE" and request["effect"] and session in protected:
                self.problems.append(f"{name}: {session} was destroyed, and the plan did not say so")

    def _check_nothing_is_sent_twice(self, name: str, start: int) -> None:
        sent = [kind for request in self.world.log[start:] if (kind := _not_idempotent(request))]
        if len(sent) > len(set(sent)):
            self.problems.append(f"{name}: in one run, one of {sent} took effect twice")

    # --- the end --------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Run once without faults, and check the result."""
        self.world.arm(FaultSetup(), 0)
        self.program = programs.settled(self.program, self.world.clock.now())
        self.trace.append("settles")
        if not self._up():
            self.problems.append("the last run failed")
            return
        end = self._result()
        self.problems += verdict.problems(end)
        self.tally.end(end)
        self.problems += [
            f"{name}: a second plan is not empty"
            for name, engine in self.engines.items()
            if engine.preview(self.program[name]).op != "same"
        ]

    def _result(self) -> verdict.Ending:
        for name in self.engines.keys() - self.program.keys():
            del self.engines[name]
        states = {name: engine.state for name, engine in self.engines.items() if engine.state}
        return verdict.Ending(
            declared=self.program,
            ids={name: state.id for name, state in states.items()},
            until={name: state.outputs["expiresAt"] for name, state in states.items()},
            stored=[to_json(session) for session in self.world.store.list_all(self.organization)],
            now=self.world.clock.now(),
            errors=self.errors,
            killed_creations=self.killed_creations,
            said_gone=verdict.said_gone(self.world.log),
            left_over=self.leftovers.left_over,
        )


def _replaces(engine: MiniEngine) -> bool:
    """Return whether the plan announced the loss of the session."""
    return engine.planned.op == "replace" and bool({*REPLACING, "messages"} & set(engine.planned.keys))


def _not_idempotent(request: dict[str, Any]) -> str | None:
    """Return the kind of a request that took effect and is not idempotent, or None."""
    if not request["effect"]:
        return None
    if request["method"] == "PUT" and "newMessages" in request["body"]:
        return "append"
    return "create" if request["method"] == "POST" else "extend" if request["path"].endswith("/extend") else None


def _line(request: dict[str, Any]) -> str:
    return " ".join(str(request[key]) for key in ("at", "method", "path", "status", "fault", "effect", "body"))


def _with_stable_names(trace: list[str]) -> list[str]:
    """Replace session ids, which are random, by names in order of appearance."""
    names: dict[str, str] = {}
    return [UUID.sub(lambda found: names.setdefault(found[0], f"session-{len(names)}"), line) for line in trace]
