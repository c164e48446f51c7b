"""What is to be reached, and whether it was. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from benchmarks.reading import Case, Contestant, Step, expected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.results import Figures, Medians

HOST_THREADS: Final = 4
"""Pulumi's dynamic host has as many, so no more requests are on their way at once."""
_OVER_FLOOR: Final = 1.15
_OVER_BOUND: Final = 1.25
_OVER_GROWTH: Final = 1.05
"""What two runs of the same differ by is no growth."""
_MOST_MB: Final = 120
_MOST_IMPORT_MS: Final = 150
_LARGE: Final = 1000
_MIDDLE: Final = 100
_NEAR_FLOOR: Final = (Step.CREATE, Step.PREVIEW, Step.REFRESH, Step.DESTROY)


@dataclass(frozen=True)
class Goal:
    """One figure and its limit, in the unit that the text names."""

    text: str
    value: float
    limit: float

    @property
    def reached(self) -> bool:
        """Whether the figure keeps to the limit."""
        return self.value <= self.limit


def bound(floor: Figures, step: Step, case: Case) -> float:
    """Give the seconds that nobody can stay below: Pulumi's own, or the API's with all threads waiting for it."""
    requests = sum(expected(step, case.sessions).values())
    return max(floor.seconds, requests * case.latency_ms / 1000 / HOST_THREADS)


def goals(medians: Medians, import_ms: float) -> Iterator[Goal]:
    """List what can be judged by what was measured."""
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
            yield Goal(f"{_name(case)}: MB of the plugin host at its peak", peak, _MOST_MB)
    yield Goal("milliseconds that importing the package adds to a program", import_ms, _MOST_IMPORT_MS)


def _name(case: Case) -> str:
    return f"N = {case.sessions:,}, {case.latency_ms} ms"


def _at_no_latency(medians: Medians) -> Iterator[Goal]:
    case = Case(_LARGE, 0)
    for step in _NEAR_FLOOR:
        ours, floor = (medians.get(who, step, case) for who in (Contestant.PROVIDER, Contestant.FLOOR))
        if ours and floor:
            yield Goal(f"{_name(case)}: {step.value} / floor", ours.seconds / floor.seconds, _OVER_FLOOR)


def _at_latency(medians: Medians) -> Iterator[Goal]:
    case = Case(_MIDDLE, 100)
    for step in Step:
        ours, floor = (medians.get(who, step, case) for who in (Contestant.PROVIDER, Contestant.FLOOR))
        if not ours or not floor:
            continue
        least = bound(floor, step, case)
        text = f"{_name(case)}: {step.value} / max(floor, requests x {case.latency_ms} ms / {HOST_THREADS})"
        yield Goal(text, ours.seconds / least, _OVER_BOUND)
        theirs = medians.get(Contestant.THREADS, step, case)
        if theirs:
            text = f"{_name(case)}: {step.value} / (floor + client in 4 threads)"
            yield Goal(text, ours.seconds / (floor.seconds + theirs.seconds), 1)


def _growth(medians: Medians) -> Iterator[Goal]:
    """Compare how much dearer a session is in a large stack than in a middle one with how it is at the floor."""
    for step in Step:
        ours, floor = (_times_dearer(medians, who, step) for who in (Contestant.PROVIDER, Contestant.FLOOR))
        if ours and floor:
            text = f"{step.value}: a session at N = {_LARGE:,} / at N = {_MIDDLE}, 0 ms, over the floor's"
            yield Goal(text, ours / floor, _OVER_GROWTH)


def _times_dearer(medians: Medians, who: Contestant, step: Step) -> float | None:
    """Leave out what a stack of one takes, which has nothing to do with the number of sessions."""
    one, middle, large = (medians.get(who, step, Case(sessions, 0)) for sessions in (1, _MIDDLE, _LARGE))
    if not one or not middle or not large or middle.seconds <= one.seconds:
        return None
    return ((large.seconds - one.seconds) / _LARGE) / ((middle.seconds - one.seconds) / _MIDDLE)
