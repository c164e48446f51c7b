"""Shows forecasts in a terminal, one bar per session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from quant_sessions_provider.core.text import one_line
from quant_sessions_provider.timeline.view import WORST_FIRST, Chart, summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quant_sessions_provider.timeline.model import Forecast

_STYLES: Final[dict[str, str]] = {
    "alive": "green",
    "dead": "dim",
    "renewed": "bold cyan",
    "recreated": "bold yellow",
    "stopped": "bold red",
}
_UNICODE: Final = {"alive": "━", "dead": "·", "renewed": "▲", "recreated": "●", "stopped": "✖"}
_ASCII: Final = {"alive": "=", "dead": ".", "renewed": "^", "recreated": "o", "stopped": "x"}
_LEGEND: Final = {
    "alive": "alive",
    "dead": "dead",
    "renewed": "renewed",
    "recreated": "recreated: the conversation is lost",
    "stopped": "the run stops",
}
_HEAD: Final = "session"
"""Above names; one that takes more than a third of the terminal is cut."""
_MIN_CELLS, _MARGINS = 20, 6
"""Cells of a bar at least, and columns that the table takes beside names, bars and summaries."""
_LONG_DAY: Final = 9
"""Cells that the name of a day takes."""


def table(forecasts: Sequence[Forecast], chart: Chart, width: int, *, unicode: bool) -> Table:
    """Return a table with a bar per session, as wide as the terminal allows."""
    symbols = _UNICODE if unicode else _ASCII
    names = [one_line(forecast.session.name) for forecast in forecasts]
    longest = max(len(_HEAD), min(max(map(cell_len, names), default=0), width // 3))
    beside = longest + max((len(summary(forecast)) for forecast in forecasts), default=0)
    cells = max(width - beside - _MARGINS, _MIN_CELLS)
    result = Table(title=chart.title, title_justify="left", box=None, pad_edge=False, caption_justify="left")
    result.add_column(_HEAD, no_wrap=True, width=longest)
    result.add_column(_axis(chart, cells), no_wrap=True, header_style="dim")
    result.add_column("")
    for forecast, name in zip(forecasts, names, strict=True):
        result.add_row(Text(name), _bar(forecast, chart, cells, symbols), summary(forecast))
    result.caption = Text("  ").join(Text(f"{symbols[key]} {words}", _STYLES[key]) for key, words in _LEGEND.items())
    return result


def _axis(chart: Chart, cells: int) -> str:
    line, midnights, free = [" "] * cells, chart.midnights(), 0
    for midnight in midnights:
        long = cells >= _LONG_DAY * len(midnights)
        label, at = f"|{midnight:%a %d}" if long else f"|{midnight:%d}", int(chart.position(midnight) * cells)
        if free <= at <= cells - len(label):
            line[at : at + len(label)] = label
            free = at + len(label) + 1
    return "".join(line)


def _bar(forecast: Forecast, chart: Chart, cells: int, symbols: dict[str, str]) -> Text:
    bar = Text()
    marks = _marks(forecast, chart, cells)
    step = (chart.end - chart.start) / cells
    for cell in range(cells):
        middle = chart.start + step * (cell + 0.5)
        lives = any(since <= middle < until for since, until in forecast.spans)
        key = marks.get(cell, "alive" if lives else "dead")
        bar.append(symbols[key], _STYLES[key])
    return bar


def _marks(forecast: Forecast, chart: Chart, cells: int) -> dict[int, str]:
    """Return the cells in which runs do something; of several in one cell the worst shows."""
    marks: dict[int, str] = {}
    for kind in reversed(WORST_FIRST):
        marks |= {int(chart.position(event.at) * cells): kind for event in forecast.events if event.kind == kind}
    return marks
