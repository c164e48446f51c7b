"""``make bench`` measures all and writes docs/performance.md anew; ``make bench N=100`` measures one size, and prints.

Exits 1 only if the provider sent other requests than it should, and 2 if it could not measure.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console

from benchmarks import page, run
from benchmarks.goals import goals
from benchmarks.imports import import_ms
from benchmarks.meter import FailedError
from benchmarks.reading import wrong
from benchmarks.results import Medians
from benchmarks.tables import costs, judged, settings, times

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from benchmarks.reading import Reading

_console = Console(width=max(Console().width, 120), highlight=False)


def main(arguments: list[str]) -> int:
    """Measure, print, and give the exit code."""
    sessions = int(arguments[0]) if arguments and arguments[0].isdecimal() else 0
    if arguments and not sessions:
        _console.print("N is how many sessions: a whole number from 1")
        return 2
    try:
        readings = [*_told(run.once(sessions) if sessions else run.full())]
    except (FailedError, OSError) as error:
        _console.print(f"A run failed, so nothing was measured: {error}")
        return 2
    importing = import_ms()
    _show(Medians(readings), importing)
    if not arguments:
        page.write(readings, importing)
    flaws = [flaw for flaw in map(wrong, readings) if flaw]
    for flaw in flaws:
        _console.print(flaw)
    _console.print(
        "Wrong numbers of requests." if flaws else "Each step sent the requests that it needs, and no other."
    )
    return 1 if flaws else 0


def _told(readings: Iterable[Reading]) -> Iterator[Reading]:
    """Tell each reading when it is there: the whole takes a while."""
    for one in readings:
        case = f"N={one.case.sessions}, {one.case.latency_ms} ms"
        _console.print(f"{case}: {one.contestant.value}, {one.step.value}: {one.usage.seconds:.2f} s", soft_wrap=True)
        yield one


def _show(medians: Medians, importing: float) -> None:
    for case in medians.rounds:
        _console.print("", times(medians, case).terminal(), "", costs(medians, case).terminal())
    of_pulumi = settings(medians)
    if of_pulumi.rows:
        _console.print("", of_pulumi.terminal())
    _console.print("", judged(goals(medians, importing)).terminal(), "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
