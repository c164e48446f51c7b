"""Tables of the readings, with the ratios that the goals are about. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from benchmarks.fleet.plan import LATENCY_MS, STEPS, Setup
from benchmarks.grid import Grid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.fleet.plan import Reading, StepName

_MAX_OVER_CLIENT: Final = 0.8
_MIN_SPEED: Final = 4.0
_MIN_SPEED_ON_POSTGRES: Final = 5.0
_MAX_UNCHANGED: Final = 1.3
_MAX_DASK: Final = 1.15


class Table:
    """The readings, by what was measured."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        self._seconds = {(one.setup, one.step): one.seconds for one in readings}
        self.setups = [*dict.fromkeys(one.setup for one in readings)]

    def seconds(self, setup: Setup, step: StepName) -> float | None:
        """Return how long a step took; None if it was not measured."""
        return self._seconds.get((setup, step))

    def ratio(self, setup: Setup, other: Setup, step: StepName) -> float | None:
        """Return how many times as long as another one a step took."""
        ours, theirs = self.seconds(setup, step), self.seconds(other, step)
        return ours / theirs if ours and theirs else None

    def best(self, step: StepName, where: Callable[[Setup], bool]) -> Setup | None:
        """Return the fleet that was fastest at a step."""
        found = [one for one in self.setups if one.shards > 1 and where(one) and self.seconds(one, step)]
        return min(found, key=lambda one: self._seconds[one, step], default=None)


def tables(readings: Sequence[Reading]) -> list[Grid]:
    """Return a table for each number of sessions."""
    table = Table(readings)
    sizes = sorted({one.sessions for one in table.setups})
    return [_times(table, size) for size in sizes]


def _times(table: Table, size: int) -> Grid:
    heads = ("", *STEPS, "create / one stack", "create / client")
    title = f"{size:,} sessions, {LATENCY_MS} ms a request: seconds"
    rows = [_row(table, one) for one in table.setups if one.sessions == size]
    return Grid(title, heads, rows)


def _row(table: Table, setup: Setup) -> list[str]:
    others = (Setup(setup.sessions, 1, backend=setup.backend), Setup(setup.sessions, 0))
    ratios = [None if setup == other else table.ratio(setup, other, "create") for other in others]
    cells = [table.seconds(setup, step) for step in STEPS]
    return [
        setup.name,
        *(f"{one:.1f}" if one else "" for one in cells),
        *(f"{one:.2f}" if one else "" for one in ratios),
    ]


def goals(readings: Sequence[Reading], size: int) -> Grid:
    """Return the goals for a number of sessions: each compares the fastest fleet."""
    table = Table(readings)
    files, database = Setup(size, 1), Setup(size, 1, backend="postgres")
    rows = [
        _goal(table, "create / QuantCDN's client, files", "create", Setup(size, 0), "files", _MAX_OVER_CLIENT),
        _goal(table, "create / one stack, files", "create", files, "files", 1 / _MIN_SPEED),
        _goal(table, "create / one stack, Postgres", "create", database, "postgres", 1 / _MIN_SPEED_ON_POSTGRES),
        _goal(table, "unchanged / one stack, files", "unchanged", files, "files", _MAX_UNCHANGED),
        *_dask(table, size),
    ]
    return Grid("Goals", ("goal", "measured", "at most", "reached", "by"), [row for row in rows if row])


def _goal(table: Table, text: str, step: StepName, other: Setup, backend: str, limit: float) -> list[str]:  # noqa: PLR0913, PLR0917 - a row's parts
    best = table.best(step, lambda one: one.sessions == other.sessions and one.backend == backend)
    ratio = table.ratio(best, other, step) if best else None
    if best is None or ratio is None:
        return []
    return [text, f"{ratio:.2f}", f"{limit:.2f}", "yes" if ratio <= limit else "no", best.name]


def _dask(table: Table, size: int) -> list[list[str]]:
    found = []
    for one in table.setups:
        same = Setup(one.sessions, one.shards, one.slots, one.backend)
        ratio = table.ratio(one, same, "create")
        if one.pool == "Dask" and one.sessions == size and ratio:
            reached = "yes" if ratio <= _MAX_DASK else "no"
            found.append(["create, Dask / threads", f"{ratio:.2f}", f"{_MAX_DASK:.2f}", reached, one.name])
    return found
