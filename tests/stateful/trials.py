"""Test all combinations of the behaviours that the API leaves unstated: ``make machine``.

Each combination runs a few random sequences with a model of the engine, on the dynamic host and on the plugin. A
pairwise subset also runs on the real engine, on the one or the other.
Stops at the first problem.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import cycle, product
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from quant_sessions_provider import Session, native
from tests import conftest  # noqa: F401 - Hypothesis settings
from tests.stateful.choices import HOSTS, Combination, HostClass, every_combination, named, pairwise
from tests.stateful.machine import run_sequences
from tests.stateful.walk import SessionClass, Walk
from tests.support.emulator_server import Emulator
from tests.support.mini_dynamic import DynamicHost
from tests.support.mini_plugin import PluginHost

SESSIONS: Final[dict[HostClass, SessionClass]] = {DynamicHost: Session, PluginHost: native.Session}
EXAMPLES = 2
"""Sequences for each combination on each host."""


def _sequences(host: HostClass, combination: Combination, examples: int, number: int) -> str | None:
    """Run sequences with one combination in a new emulator. Return the problem, if any."""
    with Emulator() as emulator:
        try:
            run_sequences(emulator, combination, host, examples, number=number)
        except Exception as error:  # noqa: BLE001 - any error is reported
            return _problem(host, combination, error)
    return None


def _walk(host: HostClass, combination: Combination) -> str | None:
    """Run one combination on the real engine. Return the problem, if any."""
    with Emulator() as emulator, tempfile.TemporaryDirectory() as folder:
        try:
            Walk(emulator, combination, SESSIONS[host], Path(folder)).run()
        except Exception as error:  # noqa: BLE001 - as above
            return _problem(host, combination, error)
    return None


def _problem(host: HostClass, combination: Combination, error: Exception) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}" if trace else ""
    notes = "\n".join(getattr(error, "__notes__", []))
    return f"{host.__name__}, {named(combination)}:\n{notes}\n{where}: {type(error).__name__}: {error}"


def _say(done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {of}", end="", file=sys.stderr, flush=True)  # noqa: T201 - progress


def _main(examples: int) -> int:
    start, combinations, walks = time.monotonic(), every_combination(), pairwise()
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        trials = [pool.submit(_walk, host, combination) for host, combination in zip(cycle(HOSTS), walks, strict=False)]
        numbered = product(enumerate(combinations), HOSTS)
        trials += [pool.submit(_sequences, host, combination, examples, n) for (n, combination), host in numbered]
        for done, trial in enumerate(as_completed(trials), 1):
            problem = trial.result()
            if problem:
                pool.shutdown(cancel_futures=True)
                print(f"\n{problem}")  # noqa: T201 - the report
                return 1
            _say(done, len(trials))
    sequences, seconds = len(combinations) * examples * len(HOSTS), time.monotonic() - start
    print(  # noqa: T201 - the report
        f"\n{len(combinations)} combinations of behaviours in {sequences} sequences, {len(walks)} of them on the real"
        f" engine too, no problem, {seconds:.0f} seconds"
    )
    return 0


if __name__ == "__main__":
    sys.exit(_main(int(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES))
