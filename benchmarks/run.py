"""What a benchmark measures: which cases, how often, and in which order."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import official, stack
from benchmarks.api import run_emulator
from benchmarks.reading import Case, Contestant, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.api import Api
    from benchmarks.reading import Reading

LATENCIES: Final = (0, 100)
ROUNDS: Final = {1: 3, 10: 3, 100: 3, 1000: 1}
"""Rounds for each number of sessions in the full run."""
_LARGE: Final = 1000


def full() -> Iterator[Reading]:
    """Measure all cases, and the effect of Pulumi's own settings."""
    for sessions, rounds in ROUNDS.items():
        for number in range(rounds):
            yield from once(sessions, clients=number == 0)
    for contestant in (one for one in Contestant if one.settings):
        with _api(0) as api:
            yield from stack.read_steps(contestant, Case(_LARGE, 0), api, (Step.CREATE,))


def once(sessions: int, *, clients: bool = True, latencies: Sequence[int] = LATENCIES) -> Iterator[Reading]:
    """Measure each contestant once."""
    yield from stack.read_steps(Contestant.FLOOR, Case(sessions, 0), None, _steps(sessions))
    for latency in latencies:
        case = Case(sessions, latency)
        with _api(latency) as api:
            yield from stack.read_steps(Contestant.PROVIDER, case, api, _steps(sessions))
            if clients:
                for client in (Contestant.LOOP, Contestant.THREADS):
                    yield from official.read_steps(client, case, api, _steps(sessions))


def _steps(sessions: int) -> list[Step]:
    """Return the steps to measure. A large stack has only one kind of update, since each takes minutes."""
    return [step for step in Step if step is not Step.APPEND or sessions < _LARGE]


@contextmanager
def _api(latency_ms: int) -> Iterator[Api]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, run_emulator(latency_ms, Path(folder)) as api:
        yield api
