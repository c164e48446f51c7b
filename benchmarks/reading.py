"""The result of one measured step."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

HOST_THREADS: Final = 4
"""Threads of Pulumi's host for dynamic providers, and so the number of its requests in flight."""
PARALLEL: Final = 8
"""``--parallel``, where nothing else is said: Pulumi's default on two cores."""


class Contestant(str, Enum):
    """What is measured."""

    FLOOR = "floor"
    PROVIDER = "provider"
    PLUGIN_FLOOR = "floor of the plugin"
    PLUGIN = "plugin"
    LOOP = "client in a loop"
    THREADS = "client in 4 threads"
    COMPRESSING = "provider, PULUMI_DIY_BACKEND_ZSTD=true"
    KEEPING_NO_BACKUPS = "provider, PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS=true"
    SKIPPING = "provider, PULUMI_SKIP_CHECKPOINTS=true"

    @property
    def settings(self) -> dict[str, str]:
        """Return the Pulumi settings that it runs with, parsed from its name."""
        _, _, setting = self.value.partition(", ")
        name, _, value = setting.partition("=")
        return {name: value} if name else {}

    @property
    def is_ours(self) -> bool:
        """Whether this provider is measured, on either host."""
        return self in FLOOR_OF or bool(self.settings)

    @property
    def is_floor(self) -> bool:
        """Whether it does nothing, and so sends no requests."""
        return self in FLOOR_OF.values()

    @property
    def is_client(self) -> bool:
        """Whether it is QuantCDN's own client."""
        return self in (Contestant.LOOP, Contestant.THREADS)

    def in_flight(self, parallel: int) -> int:
        """Return how many requests it can have in flight under ``--parallel``."""
        return parallel if self is Contestant.PLUGIN else min(parallel, HOST_THREADS)


FLOOR_OF: Final = {Contestant.PROVIDER: Contestant.FLOOR, Contestant.PLUGIN: Contestant.PLUGIN_FLOOR}
"""For each host what does nothing on it."""


class Step(str, Enum):
    """The steps, in order, each on N sessions."""

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
    # The GET finds out whether a killed run has sent the messages already. Otherwise they would be appended twice.
    Step.APPEND: {"GET": 1, "PUT": 1},
    Step.DESTROY: {"DELETE": 1},
}
"""Requests per session that cannot be avoided."""


@dataclass(frozen=True, order=True)
class Case:
    """The number of sessions, the latency of a request in milliseconds, and ``--parallel``."""

    sessions: int
    latency_ms: int
    parallel: int = PARALLEL

    def __str__(self) -> str:
        """Return the case as goals and lines name it."""
        parallel = "" if self.parallel == PARALLEL else f", --parallel {self.parallel}"
        return f"N = {self.sessions:,}, {self.latency_ms} ms{parallel}"


@dataclass(frozen=True)
class Usage:
    """Elapsed seconds, CPU seconds, and peak memory in megabytes.

    ``program`` is the process of the Pulumi program, or the official client. ``host`` is the process of the provider.
    ``engine`` is everything else: the CLI, the language host, and the ``pip list`` that the language host runs.
    """

    seconds: float
    engine_cpu: float = 0
    program_cpu: float = 0
    host_cpu: float = 0
    host_peak_mb: float = 0


@dataclass(frozen=True)
class Traffic:
    """What the API received: requests by method, and the connections that carried them."""

    requests: dict[str, int]
    connections: int


@dataclass(frozen=True)
class Reading:
    """One measurement of a step."""

    contestant: Contestant
    step: Step
    case: Case
    usage: Usage
    traffic: Traffic
    state_bytes: int = 0
    """State of the whole stack after the step."""
    round: int = 1
    """Which of several measurements of the same it is."""


def expected(step: Step, sessions: int) -> dict[str, int]:
    """Return the exact requests of a step, by method."""
    return {method: count * sessions for method, count in MINIMUM[step].items()}


METHODS: Final = ("POST", "GET", "PUT", "DELETE")


def request_problem(reading: Reading) -> str | None:
    """Return what is wrong with the provider's requests, or None."""
    needed = expected(reading.step, reading.case.sessions)
    if not reading.contestant.is_ours or reading.traffic.requests == needed:
        return None
    what = f"{reading.case}: {reading.contestant.value}, {reading.step.value}"
    return f"{what}: sent {_counts(reading.traffic.requests)}, expected {_counts(needed)}"


def _counts(requests: dict[str, int]) -> str:
    return ", ".join(f"{count} {method}" for method, count in sorted(requests.items())) or "no requests"
