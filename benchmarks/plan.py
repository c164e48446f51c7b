"""What a benchmark measures: which contestants beside each other, in which cases, and how often. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from benchmarks.reading import Case, Contestant, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LATENCY: Final = 100
"""Milliseconds per request, where there is any latency."""
PARALLELS: Final = (4, 16, 64)
"""``--parallel``, beside Pulumi's default."""
ROUNDS: Final = {1: 3, 10: 1, 100: 3, 1000: 1}
"""Rounds for each number of sessions in the full run."""
_LARGE: Final = 1000
_PROGRAMS: Final = (Contestant.FLOOR, Contestant.PROVIDER, Contestant.PLUGIN_FLOOR, Contestant.PLUGIN)
_OURS: Final = (Contestant.PROVIDER, Contestant.PLUGIN)
_CLIENTS: Final = (Contestant.LOOP, Contestant.THREADS)
_OF_CLIENTS: Final = (Step.CREATE, Step.REFRESH, Step.EXTEND, Step.APPEND, Step.DESTROY)
"""Steps that QuantCDN's client has, too."""
_WITH_REQUESTS: Final = (Step.CREATE, Step.REFRESH, Step.DESTROY)
"""What is measured under each ``--parallel``."""
_CHEAP: Final = (Step.CREATE, Step.PREVIEW, Step.SAME, Step.REFRESH)
"""Steps of a large stack before its last: each update of one takes minutes, nearly all of them Pulumi's."""


@dataclass(frozen=True)
class Entry:
    """The steps of a contestant on one stack, each with its case."""

    contestant: Contestant
    steps: tuple[tuple[Step, Case], ...]


@dataclass(frozen=True)
class Heat:
    """Entries that are measured in turn, each step of all before the next one, so that noise hits them alike."""

    entries: tuple[Entry, ...]
    round: int = 1


def full() -> Iterator[Heat]:
    """Yield all heats of ``make bench``, with the effect of Pulumi's own settings."""
    for sessions, rounds in ROUNDS.items():
        for number in range(1, rounds + 1):
            yield from once(sessions, number)
    for contestant in (one for one in Contestant if one.settings):
        yield _heat([contestant], Case(_LARGE, 0), (Step.CREATE,))


def once(sessions: int, number: int = 1) -> Iterator[Heat]:
    """Yield the heats of one number of sessions; the clients' only in the first round."""
    plain, slow = Case(sessions, 0), Case(sessions, LATENCY)
    if sessions >= _LARGE:
        yield Heat(tuple(_large(one, sessions) for one in _PROGRAMS), number)
        yield from (_heat([client], plain, _WITH_REQUESTS, number) for client in _CLIENTS)
        return
    yield _heat(_PROGRAMS, plain, Step, number)
    yield _heat(_OURS, slow, Step, number)
    if sessions >= max(PARALLELS):
        for parallel in PARALLELS:
            yield _heat(_OURS, Case(sessions, LATENCY, parallel), _WITH_REQUESTS, number)
    if number == 1:
        yield from (_heat([client], case, _OF_CLIENTS) for case in (plain, slow) for client in _CLIENTS)


def _heat(contestants: Iterable[Contestant], case: Case, steps: Iterable[Step], number: int = 1) -> Heat:
    pairs = tuple((step, case) for step in steps)
    return Heat(tuple(Entry(one, pairs) for one in contestants), number)


def _large(contestant: Contestant, sessions: int) -> Entry:
    """Return all steps on one stack, because creating it takes minutes."""
    plain = Case(sessions, 0)
    latency = 0 if contestant.is_floor else LATENCY
    parallel = [(Step.REFRESH, Case(sessions, latency, parallel)) for parallel in PARALLELS]
    return Entry(contestant, (*((step, plain) for step in _CHEAP), *parallel, (Step.DESTROY, plain)))
