"""A clock that moves when the keeper sleeps: the sessions age in state and in the emulator.

The keeper lives at the time that has passed for the sessions. The engine lives now: what the keeper reads of a state is
moved by as much as the sessions were aged.
"""

from __future__ import annotations

import copy
from datetime import datetime, timedelta, timezone
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quant_sessions_provider.core.ageing import aged
from quant_sessions_provider.core.urns import SESSION_TYPES
from quant_sessions_provider.keep.engine import AutomationEngine
from quant_sessions_provider.keep.signals import Interrupts
from tests.support.engine import pulumi_command

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.keep.stack import KeptProject


class MovingClock:
    """The time of the sessions, until an end, at which it asks to end; ``woken`` is called after each sleep."""

    def __init__(self, project: KeptProject, lasting: timedelta, woken: Callable[[], None]) -> None:
        self._project, self._woken = project, woken
        self.passed = timedelta()
        self.start = self.now()
        self._end = self.start + lasting

    @property
    def asked(self) -> bool:
        return self.now() >= self._end

    def now(self) -> datetime:
        return datetime.now(timezone.utc) + self.passed

    def sleep(self, until: datetime) -> None:
        # By whole seconds: the provider writes no fractions of them, and would lose one at each renewal.
        span = timedelta(seconds=ceil(max(min(until, self._end) - self.now(), timedelta()).total_seconds()))
        self._project.pass_time(span / timedelta(minutes=1))
        self.passed += span
        self._woken()


class MovingEngine(AutomationEngine):
    """The real engine, whose states are read at the time of a moving clock; ``runs`` are the times of its runs."""

    def __init__(self, project: KeptProject, clock: MovingClock) -> None:
        root = str(Path(pulumi_command().command).parents[1])
        super().__init__(project.folder, "main", Interrupts(), root=root)
        self._clock = clock
        self.runs: list[datetime] = []

    def export(self) -> object:
        document: Any = copy.deepcopy(super().export())
        for resource in document["deployment"]["resources"]:
            for side in ("inputs", "outputs") if resource["type"] in SESSION_TYPES else ():
                resource[side] = aged(resource[side], -self._clock.passed)
        return document

    def up(self, targets: Any) -> object:  # noqa: ANN401 - as the engine types it
        self.runs.append(self._clock.now())
        return super().up(targets)
