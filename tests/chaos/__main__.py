"""``make chaos``: thousands of random stacks on a bad network with a model of the engine, some with the real one."""

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


def on_the_model(seeds: range) -> Outcome:
    """Run seeds with the model of the engine. Return the tally and the problems, each with its seed."""
    tally, problems = Tally(), []
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        world = World(Path(folder, "sessions.db"))
        for seed in seeds:
            life = Life(world, seed).live()
            tally.add(life.tally)
            problems += [f"seed {seed}: {problem}" for problem in life.problems]
        world.close()
    return tally, problems


def on_the_engine(seeds: range) -> Outcome:
    """Run seeds on the real engine, with SIGKILLs. Return the tally and the problems, each with its seed."""
    tally, problems = Tally(), []
    for seed in seeds:
        with tempfile.TemporaryDirectory(prefix="chaos-") as folder, Emulator() as emulator:
            life = EngineLife(Path(folder), emulator, seed).live()
        tally.add(life.tally)
        problems += [f"engine seed {seed}: {problem}" for problem in life.problems]
    return tally, problems


def _run_all(what: str, live: Callable[[range], Outcome], seeds: range, chunk_size: int) -> bool:
    start, tally, good = time.monotonic(), Tally(), True
    chunks = [seeds[first : first + chunk_size] for first in range(0, len(seeds), chunk_size)]
    with ProcessPoolExecutor() as pool:
        for part, problems in pool.map(live, chunks):
            tally.add(part)
            good = good and not problems
            print(*problems, sep="\n", end="\n" if problems else "", flush=True)  # noqa: T201 - the report
    print(f"{what}: {tally}; {time.monotonic() - start:.0f} seconds", flush=True)  # noqa: T201 - the report
    return good


def _main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--lives", type=int, default=10_000, help="number of seeds for the model of the engine")
    parser.add_argument("--engine", type=int, default=50, help="number of seeds for the real engine")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    arguments = parser.parse_args()
    good = [
        _run_all("on the model", on_the_model, range(arguments.seed, arguments.seed + arguments.lives), 100),
        _run_all("on the engine", on_the_engine, range(arguments.seed, arguments.seed + arguments.engine), 1),
    ]
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(_main())
