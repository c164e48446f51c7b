"""``make bench`` measures everything and writes docs/performance.md; with ``N=100`` it measures one size and prints.

Exits with 1 only if the provider sent wrong requests, and with 2 if it could not measure.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console

from benchmarks import page, run
from benchmarks.goals import goals
from benchmarks.imports import import_ms
from benchmarks.meter import FailedError
from benchmarks.reading import request_problem
from benchmarks.results import Medians
from benchmarks.tables import costs, goals_table, settings, times

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from benchmarks.reading import Reading

_console = Console(width=max(Console().width, 120), highlight=False)


def main(arguments: list[str]) -> int:
    """Measure, print the results and return the exit code."""
    sessions = int(arguments[0]) if arguments and arguments[0].isdecimal() else 0
    if arguments and not sessions:
        _console.print("N must be a whole number of at least 1")
        return 2
    try:
        readings = [*_print_each(run.once(sessions) if sessions else run.full())]
    except (FailedError, OSError) as error:
        _console.print(f"A run failed, so nothing was measured: {error}")
        return 2
    importing = import_ms()
    _show(Medians(readings), importing)
    if not arguments:
        page.write(readings, importing)
    problems = [problem for problem in map(request_problem, readings) if problem]
    for problem in problems:
        _console.print(problem)
    _console.print("Wrong numbers of requests." if problems else "Each step sent exactly the requests that it needs.")
    return 1 if problems else 0


def _print_each(readings: Iterable[Reading]) -> Iterator[Reading]:
    """Print each reading as soon as it is measured, since all of them take a while."""
    for one in readings:
        case = f"N={one.case.sessions}, {one.case.latency_ms} ms"
        _console.print(f"{case}: {one.contestant.value}, {one.step.value}: {one.usage.seconds:.2f} s", soft_wrap=True)
        yield one


def _show(medians: Medians, importing: float) -> None:
    for case in medians.rounds:
        _console.print("", times(medians, case).terminal(), "", costs(medians, case).terminal())
    pulumi_settings = settings(medians)
    if pulumi_settings.rows:
        _console.print("", pulumi_settings.terminal())
    _console.print("", goals_table(goals(medians, importing)).terminal(), "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
