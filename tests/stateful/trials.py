"""What the API leaves unstated, in all combinations: ``make machine``.

Each combination is tried with a few seeded lives of a session in this process, and a pairwise subset by a walk on the
real engine. It stops at the first flaw.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from tests import conftest  # noqa: F401 - settings of all tests
from tests.stateful.choices import Combination, every_combination, named, pairwise
from tests.stateful.rules import try_lives
from tests.stateful.walk import Walk
from tests.support.emulator_server import Emulator

EXAMPLES = 3
"""Sequences for each combination."""


def _lives(combination: Combination, examples: int, number: int) -> str | None:
    """Try one combination in an emulator of its own; answers what was found."""
    with Emulator() as emulator:
        try:
            try_lives(emulator, combination, examples, number)
        except Exception as error:  # noqa: BLE001 - whatever it is, it goes into the report
            return _flaw(combination, error)
    return None


def _walk(combination: Combination) -> str | None:
    """Walk through one combination on the real engine; answers what was found."""
    with Emulator() as emulator, tempfile.TemporaryDirectory() as folder:
        try:
            Walk(emulator, combination, Path(folder)).whole()
        except Exception as error:  # noqa: BLE001 - as above
            return _flaw(combination, error)
    return None


def _flaw(combination: Combination, error: Exception) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}" if trace else ""
    notes = "\n".join(getattr(error, "__notes__", []))
    return f"{named(combination)}:\n{notes}\n{where}: {type(error).__name__}: {error}"


def _say(done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {of}", end="", file=sys.stderr, flush=True)  # noqa: T201 - progress


def _main(examples: int) -> int:
    start, combinations, walks = time.monotonic(), every_combination(), pairwise()
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        trials = [pool.submit(_walk, combination) for combination in walks]
        trials += [pool.submit(_lives, combination, examples, n) for n, combination in enumerate(combinations)]
        for done, trial in enumerate(as_completed(trials), 1):
            flaw = trial.result()
            if flaw:
                pool.shutdown(cancel_futures=True)
                print(f"\n{flaw}")  # noqa: T201 - the report
                return 1
            _say(done, len(trials))
    sequences, seconds = len(combinations) * examples, time.monotonic() - start
    print(  # noqa: T201 - the report
        f"\n{len(combinations)} combinations of behaviours in {sequences} sequences, {len(walks)} of them on the real"
        f" engine too, no flaw, {seconds:.0f} seconds"
    )
    return 0


if __name__ == "__main__":
    sys.exit(_main(int(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES))
