"""``make chaos``: thousands of lives in this process' miniature."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.chaos.life import Life, Tally
from tests.chaos.world import World

_AT_ONCE = 100


def lives(seeds: range) -> tuple[Tally, list[str]]:
    """Live some seeds; what went wrong is a line each, with its seed."""
    tally, wrong = Tally(), []
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        world = World(Path(folder, "sessions.db"))
        for seed in seeds:
            life = Life(world, seed).live()
            tally.add(life.tally)
            wrong += [f"seed {seed}: {problem}" for problem in life.problems]
        world.close()
    return tally, wrong


def _main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--lives", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1, help="the first one; with --lives 1 its trace is printed")
    wanted = parser.parse_args()
    start, tally, wrong = time.monotonic(), Tally(), []
    last = wanted.seed + wanted.lives
    with ProcessPoolExecutor() as pool:
        chunks = [range(first, min(first + _AT_ONCE, last)) for first in range(wanted.seed, last, _AT_ONCE)]
        for part, problems in pool.map(lives, chunks):
            tally.add(part)
            wrong += problems
    print("\n".join([*wrong, str(tally), f"{time.monotonic() - start:.0f} seconds"]))  # noqa: T201 - the report
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(_main())
