"""``make chaos``: thousands of seeded lives of a stack in miniature, and some on the real engine, on a bad network."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from tests.chaos.engine_life import EngineLife
from tests.chaos.life import Life
from tests.chaos.tally import Tally
from tests.chaos.world import World
from tests.support.emulator_server import Emulator

if TYPE_CHECKING:
    from collections.abc import Callable

Outcome = tuple[Tally, list[str]]


def in_miniature(seeds: range) -> Outcome:
    """Live some seeds in this process; what went wrong is a line each, with its seed."""
    tally, wrong = Tally(), []
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        world = World(Path(folder, "sessions.db"))
        for seed in seeds:
            life = Life(world, seed).live()
            tally.add(life.tally)
            wrong += [f"seed {seed}: {problem}" for problem in life.problems]
        world.close()
    return tally, wrong


def on_the_engine(seeds: range) -> Outcome:
    """The same on the real engine, with SIGKILLs."""
    tally, wrong = Tally(), []
    for seed in seeds:
        with tempfile.TemporaryDirectory(prefix="chaos-") as folder, Emulator() as emulator:
            life = EngineLife(Path(folder), emulator, seed).live()
        tally.add(life.tally)
        wrong += [f"engine seed {seed}: {problem}" for problem in life.problems]
    return tally, wrong


def _all(what: str, live: Callable[[range], Outcome], seeds: range, at_once: int) -> bool:
    start, tally, good = time.monotonic(), Tally(), True
    chunks = [seeds[first : first + at_once] for first in range(0, len(seeds), at_once)]
    with ProcessPoolExecutor() as pool:
        for part, wrong in pool.map(live, chunks):
            tally.add(part)
            good = good and not wrong
            print(*wrong, sep="\n", end="\n" if wrong else "", flush=True)  # noqa: T201 - the report
    print(f"{what}: {tally}; {time.monotonic() - start:.0f} seconds", flush=True)  # noqa: T201 - the report
    return good


def _main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--lives", type=int, default=10_000, help="in miniature")
    parser.add_argument("--engine", type=int, default=50, help="on the real engine")
    parser.add_argument("--seed", type=int, default=1, help="the first one")
    wanted = parser.parse_args()
    good = [
        _all("in miniature", in_miniature, range(wanted.seed, wanted.seed + wanted.lives), 100),
        _all("on the engine", on_the_engine, range(wanted.seed, wanted.seed + wanted.engine), 1),
    ]
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(_main())
