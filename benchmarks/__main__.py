"""``make bench`` measures everything and writes docs/performance.md; with ``N=100`` it measures one size and prints.

Exits with 1 only if the provider sent wrong requests, and with 2 if something could not be measured.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console

from benchmarks import page, plan, run
from benchmarks.goals import goals
from benchmarks.imports import import_ms
from benchmarks.reading import request_problem
from benchmarks.record import Record
from benchmarks.results import Medians
from benchmarks.tables import all_tables, goals_table, settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.plan import Heat
    from benchmarks.reading import Reading

UNFINISHED: Final = Path(__file__).parent / "unfinished.csv"
"""What a full run has measured that was interrupted, or in which a run failed."""

_console = Console(width=max(Console().width, 160), highlight=False)


def main(arguments: list[str]) -> int:
    """Measure, print the results and return the exit code."""
    sessions = int(arguments[0]) if arguments and arguments[0].isdecimal() else 0
    if arguments and not sessions:
        _console.print("N must be a whole number of at least 1")
        return 2
    record = Record() if sessions else Record(UNFINISHED)
    if record.readings:
        _console.print(f"Going on after {len(record.readings)} readings of {UNFINISHED.name}.")
    failures = _measure(plan.once(sessions) if sessions else plan.full(), record)
    importing = import_ms()
    _show(Medians(record.readings), importing)
    if not arguments:
        page.write(record.readings, importing)
    return _end(record, failures)


def _measure(heats: Iterable[Heat], record: Record) -> int:
    """Print each reading as soon as it is measured, since all of them take a while; return how many entries failed."""
    failures = 0
    for one in run.run(heats, record):
        if isinstance(one, run.Failure):
            failures += 1
            _console.print(f"A run failed ({one.entry.contestant.value}); the others go on: {one.text}", soft_wrap=True)
            continue
        what = f"{one.case}: {one.contestant.value}, {one.step.value}"
        _console.print(f"{what}: {one.usage.seconds:.2f} s", soft_wrap=True)
    return failures


def _show(medians: Medians, importing: float) -> None:
    for grid in (*all_tables(medians), settings(medians)):
        if grid.rows:
            _console.print("", grid.terminal())
    _console.print("", goals_table(goals(medians, importing)).terminal(), "")


def _end(record: Record, failures: int) -> int:
    problems = _problems(record.readings)
    for problem in problems:
        _console.print(problem)
    if failures:
        _console.print("Not everything was measured. The next `make bench` measures only what is missing.")
        return 2
    record.end()
    _console.print("Wrong numbers of requests." if problems else "Each step sent exactly the requests that it needs.")
    return 1 if problems else 0


def _problems(readings: Iterable[Reading]) -> list[str]:
    return [problem for problem in map(request_problem, readings) if problem]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
