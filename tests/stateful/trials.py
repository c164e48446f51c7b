"""Test all combinations of the behaviours that the API leaves unstated: ``make machine``.

Each combination runs a few random sequences with a model of the engine. A pairwise subset also runs on the real engine.
Stops at the first problem.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from tests import conftest  # noqa: F401 - Hypothesis settings
from tests.stateful.choices import Combination, every_combination, named, pairwise
from tests.stateful.machine import run_sequences
from tests.stateful.walk import Walk
from tests.support.emulator_server import Emulator

EXAMPLES = 3
"""Sequences for each combination."""


def _sequences(combination: Combination, examples: int, number: int) -> str | None:
    """Run sequences with one combination in a new emulator. Return the problem, if any."""
    with Emulator() as emulator:
        try:
            run_sequences(emulator, combination, examples, number)
        except Exception as error:  # noqa: BLE001 - any error is reported
            return _problem(combination, error)
    return None


def _walk(combination: Combination) -> str | None:
    """Run one combination on the real engine. Return the problem, if any."""
    with Emulator() as emulator, tempfile.TemporaryDirectory() as folder:
        try:
            Walk(emulator, combination, Path(folder)).run()
        except Exception as error:  # noqa: BLE001 - as above
            return _problem(combination, error)
    return None


def _problem(combination: Combination, error: Exception) -> str:
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
        trials += [pool.submit(_sequences, combination, examples, n) for n, combination in enumerate(combinations)]
        for done, trial in enumerate(as_completed(trials), 1):
            problem = trial.result()
            if problem:
                pool.shutdown(cancel_futures=True)
                print(f"\n{problem}")  # noqa: T201 - the report
                return 1
            _say(done, len(trials))
    sequences, seconds = len(combinations) * examples, time.monotonic() - start
    print(  # noqa: T201 - the report
        f"\n{len(combinations)} combinations of behaviours in {sequences} sequences, {len(walks)} of them on the real"
        f" engine too, no problem, {seconds:.0f} seconds"
    )
    return 0


if __name__ == "__main__":
    sys.exit(_main(int(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES))
