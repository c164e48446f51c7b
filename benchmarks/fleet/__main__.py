"""``make bench-fleet`` measures everything and writes docs/fleets.md; ``N=100`` measures one size and prints.

A full run takes about an hour on 2 cores. One that was interrupted measures only what is missing.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console

from benchmarks.fleet.plan import Reading, Setup, dump, load, setups
from benchmarks.fleet.run import databases, measure
from benchmarks.fleet.tables import goals, tables
from benchmarks.meter import FailedError
from tests.support.fleet_parts import MissingError
from tests.support.pages import put

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SESSIONS: Final = 1000
READINGS: Final = Path(__file__).with_name("fleet.csv")
UNFINISHED: Final = Path(__file__).with_name("unfinished.csv")
PAGE: Final = Path(__file__).parents[2] / "docs" / "fleets.md"

_console = Console(width=max(Console().width, 120), highlight=False)


def main(arguments: list[str]) -> int:
    """Measure, print the results and return the exit code: 2 if something could not be measured."""
    sessions = int(arguments[0]) if arguments and arguments[0].isdecimal() else 0
    if arguments and not sessions:
        _console.print("N must be a whole number of at least 1")
        return 2
    file = None if sessions else UNFINISHED
    readings = load(UNFINISHED.read_text()) if file and UNFINISHED.exists() else []
    wanted = [*setups(sessions or SESSIONS, sizes=not sessions)]
    try:
        failures = _measure(wanted, readings, file)
    except MissingError as error:
        _console.print(str(error))
        return 2
    for grid in (*tables(readings), goals(readings, sessions or SESSIONS)):
        _console.print("", grid.terminal())
    if file and not failures:
        _write(readings)
    return 2 if failures else 0


def _measure(wanted: Sequence[Setup], readings: list[Reading], file: Path | None) -> int:
    done = {one.setup for one in readings}
    missing = [setup for setup in wanted if setup not in done]
    failures = 0
    with databases(needed=any(setup.backend == "postgres" for setup in missing)) as server:
        for number, setup in enumerate(missing):
            try:
                found = [*_said(measure(setup, server, number))]
            except (FailedError, OSError) as error:
                failures += 1
                _console.print(f"A run failed ({setup.name}); the others go on: {error}", soft_wrap=True)
                continue
            readings += found
            if file:
                file.write_text(dump(readings))
    return failures


def _said(found: Iterable[Reading]) -> Iterable[Reading]:
    for one in found:
        _console.print(f"{one.setup.sessions:,} sessions, {one.setup.name}, {one.step}: {one.seconds:.1f} s")
        yield one


def _write(readings: Sequence[Reading]) -> None:
    READINGS.write_text(dump(readings))
    page = put(PAGE.read_text(), "measured", "\n\n".join(grid.markdown() for grid in tables(readings)))
    PAGE.write_text(put(page, "goals", goals(readings, SESSIONS).markdown()))
    UNFINISHED.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
