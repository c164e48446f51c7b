"""Keeps the sessions of one shard alive: has its stack's keeper do what is due, once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pulumi.automation import PulumiCommand

from quant_sessions_provider.core.urns import name_of
from quant_sessions_provider.fleet.model import Result
from quant_sessions_provider.fleet.stack import without_password
from quant_sessions_provider.keep.command import shown_whole
from quant_sessions_provider.keep.engine import AutomationEngine
from quant_sessions_provider.keep.keeper import DONE, WAITS, Keeper
from quant_sessions_provider.keep.lines import Log
from quant_sessions_provider.keep.model import RunError
from quant_sessions_provider.keep.signals import Interrupts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi.automation import CommandResult, OnOutput

    from quant_sessions_provider.fleet.model import Outcome, Stop
    from quant_sessions_provider.fleet.stack import ShardStack
    from quant_sessions_provider.keep.model import Line

_LONGEST: Final = timedelta(minutes=10)
_DEEDS: Final = ("renewed", "recreated")
_SILENT: Final = ("next", "already done")
_CONFIGURED: Final = (["preview"], ["up"])


class _Stop(Interrupts):
    """The clock of a keeper that a fleet asks to end."""

    def __init__(self, stop: Stop) -> None:
        super().__init__()
        self._stop = stop

    @property
    def asked(self) -> bool:
        """Whether it was asked to end."""
        return self._stop.asked()


class _Command(PulumiCommand):
    """The CLI with the configuration of a shard's stack."""

    def __init__(self, stack: ShardStack) -> None:
        self.command, self.version, self._stack = stack.command.command, stack.command.version, stack

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnOutput | None = None,
        on_error: OnOutput | None = None,
    ) -> CommandResult:
        """Run a command; its output is passed on when it has ended.

        Raises:
            CommandError: it failed.

        """
        files = ["--config-file", str(self._stack.configuration)] if args[:1] in _CONFIGURED else []
        variables = {**additional_env, **self._stack.variables}
        return self._stack.command.run([*shown_whole(args), *files], cwd, variables, on_output, on_error)


def kept(stack: ShardStack) -> Result:
    """Do what is due in a stack, and return what was done and what waits for a person."""
    job, clock = stack.job, _Stop(stack.stop)
    lines: list[Line] = []
    engine = AutomationEngine(Path(job.fleet.program), job.stack, clock, command=_Command(stack))
    try:
        code = Keeper(engine, clock, Log(clock, lines.append), _LONGEST).once()
    except RunError as error:
        why = without_password(str(error))
        return Result(job.shard, job.stack, "interrupted" if clock.asked else "failed", None, error=why)
    changes = Counter[str](line.kind for line in lines if line.kind in _DEEDS)
    problems = [_text(line) for line in lines if line.kind not in (*_DEEDS, *_SILENT)]
    outcome: Outcome = "done" if code == DONE else "waits" if code == WAITS else "failed"
    if outcome == "failed" and clock.asked:
        outcome = "interrupted"
    first = next(iter(problems), "") if code != DONE else ""
    return Result(
        job.shard,
        job.stack,
        outcome,
        sessions=None,
        changes=dict(changes),
        error=first,
        notes=tuple(problems),
    )


def _text(line: Line) -> str:
    subject = f"{line.kind} {name_of(line.urn)}" if line.urn else line.kind
    return without_password(f"{subject}: {line.text}")
