"""What one measured step gives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Contestant(str, Enum):
    """Who does the step."""

    FLOOR = "floor"
    PROVIDER = "provider"
    LOOP = "client in a loop"
    THREADS = "client in 4 threads"
    COMPRESSING = "provider, PULUMI_DIY_BACKEND_ZSTD=true"
    KEEPING_NO_BACKUPS = "provider, PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS=true"
    SKIPPING = "provider, PULUMI_SKIP_CHECKPOINTS=true"

    @property
    def settings(self) -> dict[str, str]:
        """Give the settings of Pulumi that it runs under, as its name tells them."""
        _, _, setting = self.value.partition(", ")
        name, _, value = setting.partition("=")
        return {name: value} if name else {}

    @property
    def is_ours(self) -> bool:
        """Whether it is this provider that works."""
        return self.value.startswith("provider")


class Step(str, Enum):
    """What is done, in this order, to N sessions."""

    CREATE = "up (create)"
    PREVIEW = "preview, unchanged"
    SAME = "up, unchanged"
    REFRESH = "refresh"
    EXTEND = "up (extend)"
    APPEND = "up (append)"
    DESTROY = "destroy"


MINIMUM: Final[dict[Step, dict[str, int]]] = {
    Step.CREATE: {"POST": 1},
    Step.PREVIEW: {},
    Step.SAME: {},
    Step.REFRESH: {"GET": 1},
    Step.EXTEND: {"PUT": 1},
    # Nothing else tells whether a run that was killed has sent it already, and sent twice is said twice.
    Step.APPEND: {"GET": 1, "PUT": 1},
    Step.DESTROY: {"DELETE": 1},
}
"""The requests a session that the API makes unavoidable."""


@dataclass(frozen=True)
class Case:
    """So many sessions, at so many milliseconds a request."""

    sessions: int
    latency_ms: int


@dataclass(frozen=True)
class Usage:
    """Seconds on the clock and of CPU; megabytes at the peak.

    ``program`` is the process that runs the Pulumi program, or the official client; ``engine`` everything that is
    neither it nor the plugin host: the CLI, the language host, and the ``pip list`` that this runs.
    """

    seconds: float
    engine_cpu: float = 0
    program_cpu: float = 0
    host_cpu: float = 0
    host_peak_mb: float = 0


@dataclass(frozen=True)
class Traffic:
    """What the API saw: requests by method, and connections that carried any."""

    requests: dict[str, int]
    connections: int


@dataclass(frozen=True)
class Reading:
    """One step, measured once."""

    contestant: Contestant
    step: Step
    case: Case
    usage: Usage
    traffic: Traffic
    state_bytes: int = 0
    """Of the whole stack, after the step."""


def expected(step: Step, sessions: int) -> dict[str, int]:
    """Give the requests that a step may send, no more and no fewer."""
    return {method: count * sessions for method, count in MINIMUM[step].items()}


METHODS: Final = ("POST", "GET", "PUT", "DELETE")


def wrong(reading: Reading) -> str | None:
    """Say what is wrong with the requests that the provider sent, if anything is."""
    due = expected(reading.step, reading.case.sessions)
    if not reading.contestant.is_ours or reading.traffic.requests == due:
        return None
    case = f"{reading.case.sessions} sessions, {reading.case.latency_ms} ms, {reading.step.value}"
    return f"{case}: sent {_counted(reading.traffic.requests)}, where {_counted(due)} are due"


def _counted(requests: dict[str, int]) -> str:
    return ", ".join(f"{count} {method}" for method, count in sorted(requests.items())) or "no requests"
