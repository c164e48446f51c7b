"""The goals, and whether they are reached. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from benchmarks.reading import Case, Contestant, Step, expected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.results import Figures, Medians

HOST_THREADS: Final = 4
"""Threads of Pulumi's dynamic host, and so the number of requests in flight."""
_MAX_OVER_FLOOR: Final = 1.15
_MAX_OVER_BOUND: Final = 1.25
_MAX_GROWTH: Final = 1.05
"""Less is not growth: two equal runs differ by as much."""
_MAX_MB: Final = 120
_MAX_IMPORT_MS: Final = 150
_LARGE: Final = 1000
_MEDIUM: Final = 100
_NEAR_FLOOR: Final = (Step.CREATE, Step.PREVIEW, Step.REFRESH, Step.DESTROY)


@dataclass(frozen=True)
class Goal:
    """A figure and its limit, in the unit that the text names."""

    text: str
    value: float
    limit: float

    @property
    def reached(self) -> bool:
        """Whether the figure is at most the limit."""
        return self.value <= self.limit


def bound(floor: Figures, step: Step, case: Case) -> float:
    """Return the least possible seconds: the floor's, or the latency of all requests on all threads of the host."""
    requests = sum(expected(step, case.sessions).values())
    return max(floor.seconds, requests * case.latency_ms / 1000 / HOST_THREADS)


def goals(medians: Medians, import_ms: float) -> Iterator[Goal]:
    """Yield the goals for which there are measurements."""
    yield from _at_no_latency(medians)
    yield from _at_latency(medians)
    yield from _growth(medians)
    for case in medians.rounds:
        rows = [medians.get(Contestant.PROVIDER, step, case) for step in Step]
        found = [row for row in rows if row]
        most = max(row.connections for row in found)
        yield Goal(f"{_name(case)}: connections", most, HOST_THREADS)
        if case.sessions == _LARGE:
            peak = max(row.host_peak_mb for row in found)
            yield Goal(f"{_name(case)}: MB of the plugin host at its peak", peak, _MAX_MB)
    yield Goal("milliseconds that importing the package adds to a program", import_ms, _MAX_IMPORT_MS)


def _name(case: Case) -> str:
    return f"N = {case.sessions:,}, {case.latency_ms} ms"


def _at_no_latency(medians: Medians) -> Iterator[Goal]:
    case = Case(_LARGE, 0)
    for step in _NEAR_FLOOR:
        ours, floor = (medians.get(who, step, case) for who in (Contestant.PROVIDER, Contestant.FLOOR))
        if ours and floor:
            yield Goal(f"{_name(case)}: {step.value} / floor", ours.seconds / floor.seconds, _MAX_OVER_FLOOR)


def _at_latency(medians: Medians) -> Iterator[Goal]:
    case = Case(_MEDIUM, 100)
    for step in Step:
        ours, floor = (medians.get(who, step, case) for who in (Contestant.PROVIDER, Contestant.FLOOR))
        if not ours or not floor:
            continue
        least = bound(floor, step, case)
        text = f"{_name(case)}: {step.value} / max(floor, requests x {case.latency_ms} ms / {HOST_THREADS})"
        yield Goal(text, ours.seconds / least, _MAX_OVER_BOUND)
        client = medians.get(Contestant.THREADS, step, case)
        if client:
            text = f"{_name(case)}: {step.value} / (floor + client in 4 threads)"
            yield Goal(text, ours.seconds / (floor.seconds + client.seconds), 1)


def _growth(medians: Medians) -> Iterator[Goal]:
    """Compare the growth of the cost per session, from a medium to a large stack, with the floor's growth."""
    for step in Step:
        ours, floor = (_growth_per_session(medians, who, step) for who in (Contestant.PROVIDER, Contestant.FLOOR))
        if ours and floor:
            text = f"{step.value}: time per session at N = {_LARGE:,} / at N = {_MEDIUM}, 0 ms, relative to the floor"
            yield Goal(text, ours / floor, _MAX_GROWTH)


def _growth_per_session(medians: Medians, who: Contestant, step: Step) -> float | None:
    """Return the cost per session in a large stack divided by that in a medium one.

    The time of a stack of one session is subtracted: it does not depend on the number of sessions.
    """
    one, medium, large = (medians.get(who, step, Case(sessions, 0)) for sessions in (1, _MEDIUM, _LARGE))
    if not one or not medium or not large or medium.seconds <= one.seconds:
        return None
    return ((large.seconds - one.seconds) / _LARGE) / ((medium.seconds - one.seconds) / _MEDIUM)
