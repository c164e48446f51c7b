"""The goals, and whether they are reached. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from benchmarks.reading import FLOOR_OF, HOST_THREADS, Case, Contestant, Step, expected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.results import Figures, Medians

_MAX_OVER_FLOOR: Final = 1.15
_MAX_OVER_BOUND: Final = 1.25
_MAX_GROWTH: Final = 1.05
"""Less is not growth: two equal runs differ by as much."""
_MAX_OVER_PROVIDER: Final = 1.10
"""Less is not slower: two equal steps of a second differ by as much."""
_CONNECTIONS: Final = {Contestant.PROVIDER: 1, Contestant.PLUGIN: 2}
"""Connections per request in flight. The plugin's pool adds a thread if none that has answered is idle yet."""
_MAX_MB: Final = 120
_MAX_IMPORT_MS: Final = 150
_LARGE: Final = 1000
_MEDIUM: Final = 100
_LATENCY: Final = 100
_WIDEST: Final = 64
_NEAR_FLOOR: Final = (Step.CREATE, Step.PREVIEW, Step.REFRESH, Step.DESTROY)
_NAMES: Final = {Contestant.PROVIDER: "dynamic", Contestant.PLUGIN: "plugin"}


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


def bound(medians: Medians, who: Contestant, step: Step, case: Case) -> float | None:
    """Return the least possible seconds: those of the floor, or of all requests, as many at a time as can be."""
    floor = medians.get(FLOOR_OF[who], step, case)
    requests = sum(expected(step, case.sessions).values())
    return max(floor.seconds, requests * case.latency_ms / 1000 / who.in_flight(case.parallel)) if floor else None


def goals(medians: Medians, import_ms: float) -> Iterator[Goal]:
    """Yield the goals for which there are measurements."""
    for who in FLOOR_OF:
        yield from _near_floor(medians, who)
        yield from _near_bound(medians, who, Case(_MEDIUM, _LATENCY), tuple(Step))
        yield from _beside_client(medians, who)
        yield from _growth(medians, who)
    yield from _near_bound(medians, Contestant.PLUGIN, Case(_LARGE, _LATENCY, _WIDEST), (Step.REFRESH,))
    for case in medians.rounds:
        yield from _not_slower(medians, case)
    yield from _connections(medians)
    yield from _memory(medians)
    yield Goal("milliseconds that importing the package adds to a program", import_ms, _MAX_IMPORT_MS)


def _near_floor(medians: Medians, who: Contestant) -> Iterator[Goal]:
    case = Case(_LARGE, 0)
    for step in _NEAR_FLOOR:
        ours, floor = medians.get(who, step, case), medians.get(FLOOR_OF[who], step, case)
        if ours and floor:
            text = f"{case}: {_NAMES[who]}, {step.value} / floor"
            yield Goal(text, ours.seconds / floor.seconds, _MAX_OVER_FLOOR)


def _near_bound(medians: Medians, who: Contestant, case: Case, steps: tuple[Step, ...]) -> Iterator[Goal]:
    threads = who.in_flight(case.parallel)
    for step in steps:
        ours, least = medians.get(who, step, case), bound(medians, who, step, case)
        if ours and least:
            text = f"{case}: {_NAMES[who]}, {step.value} / max(floor, requests x {case.latency_ms} ms / {threads})"
            yield Goal(text, ours.seconds / least, _MAX_OVER_BOUND)


def _beside_client(medians: Medians, who: Contestant) -> Iterator[Goal]:
    case = Case(_MEDIUM, _LATENCY)
    for step in Step:
        ours, floor = medians.get(who, step, case), medians.get(FLOOR_OF[who], step, case)
        client = medians.get(Contestant.THREADS, step, case)
        if ours and floor and client:
            text = f"{case}: {_NAMES[who]}, {step.value} / (floor + client in {HOST_THREADS} threads)"
            yield Goal(text, ours.seconds / (floor.seconds + client.seconds), 1)


def _growth(medians: Medians, who: Contestant) -> Iterator[Goal]:
    """Compare the growth of the cost per session, from a medium to a large stack, with the floor's growth."""
    for step in Step:
        ours, floor = (_growth_per_session(medians, one, step) for one in (who, FLOOR_OF[who]))
        if ours and floor:
            sizes = f"at N = {_LARGE:,} / at N = {_MEDIUM}, 0 ms, relative to the floor"
            yield Goal(f"{_NAMES[who]}, {step.value}: time per session {sizes}", ours / floor, _MAX_GROWTH)


def _growth_per_session(medians: Medians, who: Contestant, step: Step) -> float | None:
    """Return the cost per session in a large stack divided by that in a medium one.

    The time of a stack of one session is subtracted: it does not depend on the number of sessions.
    """
    one, medium, large = (medians.get(who, step, Case(sessions, 0)) for sessions in (1, _MEDIUM, _LARGE))
    if not one or not medium or not large or medium.seconds <= one.seconds:
        return None
    return ((large.seconds - one.seconds) / _LARGE) / ((medium.seconds - one.seconds) / _MEDIUM)


def _connections(medians: Medians) -> Iterator[Goal]:
    """Compare the most connections of any case with the requests that can be in flight."""
    for parallel in sorted({case.parallel for case in medians.rounds}):
        for who, name in _NAMES.items():
            cases = [case for case in medians.rounds if case.parallel == parallel]
            found = [row.connections for case in cases for row in _rows(medians, who, case)]
            if found:
                limit = who.in_flight(parallel) * _CONNECTIONS[who]
                yield Goal(f"--parallel {parallel}: {name}, connections", max(found), limit)


def _memory(medians: Medians) -> Iterator[Goal]:
    case = Case(_LARGE, 0)
    for who, name in _NAMES.items():
        found = [row.host_peak_mb for row in _rows(medians, who, case)]
        if found:
            yield Goal(f"{case}: {name}, MB of the host at its peak", max(found), _MAX_MB)


def _rows(medians: Medians, who: Contestant, case: Case) -> list[Figures]:
    return [row for step in Step if (row := medians.get(who, step, case))]


def _not_slower(medians: Medians, case: Case) -> Iterator[Goal]:
    """Compare the plugin with the dynamic provider in the step in which it is worst."""
    found = [(step, *_both(medians, step, case)) for step in Step]
    ratios = {step: plugin.seconds / dynamic.seconds for step, dynamic, plugin in found if dynamic and plugin}
    if ratios:
        worst = max(ratios, key=lambda step: ratios[step])
        yield Goal(f"{case}: plugin / dynamic, worst step ({worst.value})", ratios[worst], _MAX_OVER_PROVIDER)


def _both(medians: Medians, step: Step, case: Case) -> tuple[Figures | None, Figures | None]:
    return medians.get(Contestant.PROVIDER, step, case), medians.get(Contestant.PLUGIN, step, case)
