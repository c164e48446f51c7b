"""The order of a benchmark: which cases, how often, and who is measured beside whom."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import official, stack
from benchmarks.api import running
from benchmarks.reading import Case, Contestant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.reading import Reading

LATENCIES: Final = (0, 100)
ROUNDS: Final = {1: 3, 10: 3, 100: 3, 1000: 1}
"""How often each number of sessions is measured in the full run."""


def full() -> Iterator[Reading]:
    """Measure all."""
    for sessions, rounds in ROUNDS.items():
        for number in range(rounds):
            yield from once(sessions, clients=number == 0)


def once(sessions: int, *, clients: bool = True) -> Iterator[Reading]:
    """Measure each contestant once, one after the other, so that a slower minute strikes all of them."""
    yield from stack.read_steps(Contestant.FLOOR, Case(sessions, 0), None)
    for latency in LATENCIES:
        case = Case(sessions, latency)
        with tempfile.TemporaryDirectory(prefix="bench-api-") as folder, running(latency, Path(folder)) as api:
            yield from stack.read_steps(Contestant.PROVIDER, case, api)
            if clients:
                yield from official.read_steps(Contestant.LOOP, case, api)
                yield from official.read_steps(Contestant.THREADS, case, api)
