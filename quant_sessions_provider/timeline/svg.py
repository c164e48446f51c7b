"""Draws forecasts as one SVG that needs no other file: light or dark as the screen is, with a text for each part."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, SubElement, tostring

from quant_sessions_provider.core.text import counted
from quant_sessions_provider.core.timestamps import to_minute
from quant_sessions_provider.timeline.svg_elements import numbers, rect, text_of, write
from quant_sessions_provider.timeline.view import Chart, remarks, summary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from quant_sessions_provider.timeline.model import Event, Forecast

_STYLE: Final = """
svg { font: 13px -apple-system, "Segoe UI", Helvetica, Arial, "DejaVu Sans", sans-serif; }
.page { fill: #ffffff } .text { fill: #1f2328 } .soft { fill: #59636e } .line { stroke: #d1d9e0 }
.dead { fill: #eff2f5 } .alive { fill: #2da44e } .renewed { fill: #ffffff; stroke: #1a7f37 }
.recreated { fill: #bf8700; stroke: #ffffff } .stopped { fill: none; stroke: #cf222e }
@media (prefers-color-scheme: dark) {
.page { fill: #0d1117 } .text { fill: #f0f6fc } .soft { fill: #9198a1 } .line { stroke: #3d444d }
.dead { fill: #21262d } .alive { fill: #238636 } .renewed { fill: #0d1117; stroke: #3fb950 }
.recreated { fill: #d29922; stroke: #0d1117 } .stopped { fill: none; stroke: #f85149 } }
"""
_WIDTH, _LEFT, _BARS, _TOP, _ROW, _BAR = 1080, 190, 640, 86, 40, 18
_MARGIN: Final = 24
_LONGEST: Final = 18
"""Characters of a name."""
_LINE: Final = 140
"""Characters of a line of text below."""
_DATES: Final = 9
"""Dates that fit side by side."""
_NARROWEST: Final = 9
"""Points between two marks; nearer marks are left out, but counted beside the bar."""
_LEGEND: Final = (
    ("alive", "alive", 0),
    ("dead", "dead", 70),
    ("renewed", "renewed by a run", 140),
    ("recreated", "recreated by a run: the conversation is lost", 280),
    ("stopped", "the run stops", 590),
)


def svg(forecasts: Sequence[Forecast], chart: Chart, notes: Sequence[str] = ()) -> str:
    """Return a drawing with a bar per session."""
    lines = [line for text in remarks(forecasts, notes) for line in wrap(text, _LINE)]
    below = _TOP + _ROW * len(forecasts) + 20
    root = _page(forecasts, chart, below + 38 + 20 * len(lines))
    _days(root, chart, below)
    for row, forecast in enumerate(forecasts):
        _row(root, forecast, chart, _TOP + _ROW * row + 10)
    _legend(root, below + 14)
    for index, line in enumerate(lines):
        write(root, _MARGIN, below + 46 + 20 * index, line, "soft", size=12)
    return tostring(root, encoding="unicode") + "\n"


def _page(forecasts: Sequence[Forecast], chart: Chart, height: float) -> Element:
    root = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {_WIDTH} {height}", "role": "img"})
    root.set("aria-labelledby", "title desc")
    text_of(root, "title", chart.title, id="title")
    text_of(root, "desc", "; ".join(f"{each.session.name}: {summary(each)}" for each in forecasts), id="desc")
    text_of(root, "style", _STYLE)
    rect(root, (0, 0, _WIDTH, height), "page")
    write(root, _MARGIN, 36, "When sessions live", "text", size=18, bold=True)
    write(root, _MARGIN, 58, chart.title, "soft")
    return root


def _x(chart: Chart, time: datetime) -> float:
    return _LEFT + _BARS * chart.position(time)


def _days(root: Element, chart: Chart, bottom: float) -> None:
    midnights = chart.midnights()
    each = len(midnights) // _DATES + 1
    for midnight in midnights[::each]:
        x = _x(chart, midnight)
        SubElement(root, "line", numbers(x1=x, x2=x, y1=_TOP - 6, y2=bottom - 14) | {"class": "line"})
        write(root, x + 4, _TOP - 2, f"{midnight:%a %d %b}", "soft", size=11)


def _row(root: Element, forecast: Forecast, chart: Chart, top: float) -> None:
    middle, name = top + _BAR / 2, forecast.session.name
    shown = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    text_of(write(root, _MARGIN, middle + 4, shown, "text", bold=True), "title", name)
    _bar(root, forecast, chart, top)
    _marks(root, forecast, chart, middle)
    write(root, _LEFT + _BARS + 16, middle + 4, summary(forecast), "text", size=12)


def _bar(root: Element, forecast: Forecast, chart: Chart, top: float) -> None:
    rect(root, (_LEFT, top, _BARS, _BAR), "dead", round_=4)
    for since, until in forecast.spans:
        left, right = _x(chart, since), _x(chart, until)
        bar = rect(root, (left, top, max(right - left, 1), _BAR), "alive", round_=min(4, (right - left) / 4))
        text_of(bar, "title", f"{forecast.session.name} lives from {to_minute(since)} until {to_minute(until)}")


def _marks(root: Element, forecast: Forecast, chart: Chart, middle: float) -> None:
    last = float("-inf")
    for event in forecast.events:
        x = _x(chart, event.at)
        if x - last >= _NARROWEST:
            text_of(_mark(root, event.kind, x, middle), "title", f"{to_minute(event.at)}: {_words(event)}")
            last = x


def _words(event: Event) -> str:
    if event.kind == "renewed":
        return f"extended by {counted(event.minutes, 'minute')}"
    return "recreated" if event.kind == "recreated" else f"the run stops: {event.why}"


def _mark(root: Element, kind: str, x: float, y: float) -> Element:
    if kind == "renewed":
        points = f"{x:.1f},{y - 5:.1f} {x + 5:.1f},{y + 4:.1f} {x - 5:.1f},{y + 4:.1f}"
        return SubElement(root, "polygon", {"points": points, "class": kind})
    if kind == "recreated":
        return SubElement(root, "circle", numbers(cx=x, cy=y, r=5.5) | {"class": kind, "stroke-width": "2"})
    path = f"M{x - 5:.1f} {y - 5:.1f}l10 10m0 -10l-10 10"
    return SubElement(root, "path", {"d": path, "class": kind, "stroke-width": "3"})


def _legend(root: Element, y: float) -> None:
    for kind, words, offset in _LEGEND:
        x = _MARGIN + offset
        if kind in ("alive", "dead"):
            rect(root, (x, y - 8, 14, 10), kind, round_=2)
        else:
            _mark(root, kind, x + 7, y - 3)
        write(root, x + 20, y + 1, words, "soft", size=12)
