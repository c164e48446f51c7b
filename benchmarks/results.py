"""Read and write the readings as CSV, and compute their medians."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING, Final

from benchmarks.reading import FLOOR_OF, METHODS, Case, Contestant, Reading, Step, Traffic, Usage

if TYPE_CHECKING:
    from collections.abc import Iterable

_USAGE: Final = ("seconds", "engine_cpu", "program_cpu", "host_cpu", "host_peak_mb")
_CASE: Final = ("contestant", "step", "sessions", "latency_ms", "parallel", "round")
_COLUMNS: Final = (*_CASE, *_USAGE, *METHODS, "connections", "state_bytes")


def dump(readings: Iterable[Reading]) -> str:
    """Return the readings as CSV, one per line."""
    text = io.StringIO()
    table = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(_row(reading) for reading in readings)
    return text.getvalue()


def _row(one: Reading) -> dict[str, object]:
    usage = {name: round(float(getattr(one.usage, name)), 3) for name in _USAGE}
    return {
        "contestant": one.contestant.value,
        "step": one.step.value,
        "sessions": one.case.sessions,
        "latency_ms": one.case.latency_ms,
        "parallel": one.case.parallel,
        "round": one.round,
        **usage,
        **{method: one.traffic.requests.get(method, 0) for method in METHODS},
        "connections": one.traffic.connections,
        "state_bytes": one.state_bytes,
    }


def load(text: str) -> list[Reading]:
    """Parse the readings from CSV."""
    return [_reading(row) for row in csv.DictReader(io.StringIO(text))]


def _reading(row: dict[str, str]) -> Reading:
    counts = {method: int(row[method]) for method in METHODS}
    requests = {method: count for method, count in counts.items() if count}
    return Reading(
        Contestant(row["contestant"]),
        Step(row["step"]),
        Case(int(row["sessions"]), int(row["latency_ms"]), int(row["parallel"])),
        Usage(**{name: float(row[name]) for name in _USAGE}),
        Traffic(requests, int(row["connections"])),
        int(row["state_bytes"]),
        int(row["round"]),
    )


@dataclass(frozen=True)
class Figures:
    """Medians of a step. Requests, connections and memory are maxima."""

    seconds: float
    engine_cpu: float
    program_cpu: float
    host_cpu: float
    host_peak_mb: float
    requests: int
    connections: int
    state_bytes: float


class Medians:
    """Figures by contestant, step and case."""

    def __init__(self, readings: Iterable[Reading]) -> None:
        found: dict[tuple[Contestant, Step, Case], list[Reading]] = defaultdict(list)
        for one in readings:
            found[one.contestant, one.step, one.case].append(one)
        self._figures = {key: _figures(ones) for key, ones in found.items()}
        rounds: dict[Case, int] = defaultdict(int)
        for (who, _, case), ones in found.items():
            if who in FLOOR_OF:
                rounds[case] = max(rounds[case], len(ones))
        self.rounds = dict(sorted(rounds.items()))
        """How often each case was measured, in the order of tables."""

    def get(self, contestant: Contestant, step: Step, case: Case) -> Figures | None:
        """Return the figures of a step, or None.

        A floor sends no requests, so it has no latency, and may be measured under the default ``--parallel`` alone.
        """
        if not contestant.is_floor:
            return self._figures.get((contestant, step, case))
        cases = (replace(case, latency_ms=0), Case(case.sessions, 0))
        return next(
            (self._figures[contestant, step, at] for at in cases if (contestant, step, at) in self._figures), None
        )

    def session_bytes(self, contestant: Contestant, step: Step, case: Case) -> float:
        """Return the bytes of state per session, with a share of the stack's own, about 1,400."""
        now, end = self.get(contestant, step, case), self.get(contestant, Step.DESTROY, case)
        return (now.state_bytes - end.state_bytes) / case.sessions if now and end else 0


def _figures(ones: list[Reading]) -> Figures:
    middle = {name: median(float(getattr(one.usage, name)) for one in ones) for name in _USAGE[:-1]}
    return Figures(
        **middle,
        host_peak_mb=max(one.usage.host_peak_mb for one in ones),
        requests=max(sum(one.traffic.requests.values()) for one in ones),
        connections=max(one.traffic.connections for one in ones),
        state_bytes=median(one.state_bytes for one in ones),
    )
