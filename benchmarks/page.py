"""Write performance.csv, and from it the tables and the plot of docs/performance.md."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.goals import goals
from benchmarks.plot import svg
from benchmarks.results import Medians, dump, load
from benchmarks.tables import all_tables, goals_table, settings
from tests.support.pages import put

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.reading import Reading

DOCS: Final = Path(__file__).parents[1] / "docs"
PAGE, PLOT, READINGS = DOCS / "performance.md", DOCS / "performance.svg", Path(__file__).parent / "performance.csv"


def write(readings: Iterable[Reading], import_ms: float) -> None:
    """Write the readings, the tables and the plot."""
    READINGS.write_text(dump(readings))
    # Read back, because the file has rounded values and a test compares the page with it.
    medians = Medians(load(READINGS.read_text()))
    PLOT.write_text(svg(medians))
    PAGE.write_text(fill(PAGE.read_text(), medians, import_ms))


def fill(page: str, medians: Medians, import_ms: float) -> str:
    """Return the page with its tables replaced."""
    page = put(page, "measured", "\n\n".join(grid.markdown() for grid in all_tables(medians)))
    page = put(page, "settings", settings(medians).markdown())
    return put(page, "goals", goals_table(goals(medians, import_ms)).markdown())
