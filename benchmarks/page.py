"""What ``make bench`` writes: performance.csv, and from it the tables and the plot of docs/performance.md."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.goals import goals
from benchmarks.plot import svg
from benchmarks.results import Medians, dumped, loaded
from benchmarks.tables import costs, judged, settings, times
from tools.docs.text import put

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.reading import Reading

DOCS: Final = Path(__file__).parents[1] / "docs"
PAGE, PLOT, READINGS = DOCS / "performance.md", DOCS / "performance.svg", Path(__file__).parent / "performance.csv"


def write(readings: Iterable[Reading], import_ms: float) -> None:
    """Write all readings, and what is made of them."""
    READINGS.write_text(dumped(readings))
    # As they are written down, rounded, so that the page can be held to them.
    medians = Medians(loaded(READINGS.read_text()))
    PLOT.write_text(svg(medians))
    PAGE.write_text(filled(PAGE.read_text(), medians, import_ms))


def filled(page: str, medians: Medians, import_ms: float) -> str:
    """Put tables in place of what stands in the page after each mark."""
    tables = [grid(medians, case).markdown() for case in medians.rounds for grid in (times, costs)]
    page = put(page, "measured", "\n\n".join(tables))
    page = put(page, "settings", settings(medians).markdown())
    return put(page, "goals", judged(goals(medians, import_ms)).markdown())
