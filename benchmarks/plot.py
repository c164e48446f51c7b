"""Plot seconds over the number of sessions, one panel per step, as an SVG for light and dark screens. Pure."""

from __future__ import annotations

from math import log10
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, SubElement, tostring

from benchmarks.reading import Case, Contestant, Step
from quant_sessions_provider.timeline.svg_elements import numbers, rect, text_of, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.results import Medians

_STYLE: Final = """
svg { font: 13px -apple-system, "Segoe UI", Helvetica, Arial, "DejaVu Sans", sans-serif; }
.page { fill: #ffffff } .text { fill: #1f2328 } .soft { fill: #59636e } .grid { stroke: #d1d9e0 }
.floor, .plugin-floor { stroke: #8c959f } .at-0, .plugin-at-0 { stroke: #0969da }
.at-100, .plugin-at-100 { stroke: #1a7f37 } .theirs { stroke: #bc4c00 }
polyline { fill: none; stroke-width: 2 } .floor, .plugin-floor { stroke-width: 5; stroke-linecap: round }
.plugin-floor { stroke-dasharray: 1 8 } .plugin-at-0, .plugin-at-100 { stroke-dasharray: 6 4 }
@media (prefers-color-scheme: dark) {
.page { fill: #0d1117 } .text { fill: #f0f6fc } .soft { fill: #9198a1 } .grid { stroke: #3d444d }
.floor, .plugin-floor { stroke: #656c76 } .at-0, .plugin-at-0 { stroke: #58a6ff }
.at-100, .plugin-at-100 { stroke: #3fb950 } .theirs { stroke: #f0883e } }
"""
_LINES: Final = (
    ("floor", "does nothing, dynamic", Contestant.FLOOR, 0),
    ("at-0", "dynamic provider, 0 ms per request", Contestant.PROVIDER, 0),
    ("at-100", "dynamic provider, 100 ms per request", Contestant.PROVIDER, 100),
    ("theirs", "official client, 4 threads, 100 ms", Contestant.THREADS, 100),
    ("plugin-floor", "does nothing, plugin", Contestant.PLUGIN_FLOOR, 0),
    ("plugin-at-0", "plugin, 0 ms per request", Contestant.PLUGIN, 0),
    ("plugin-at-100", "plugin, 100 ms per request", Contestant.PLUGIN, 100),
)
_WIDTH, _PANEL, _HIGH, _LEFT, _TOP = 1080, 240, 170, 64, 142
_ACROSS, _GAP, _ROW = 4, 18, 232
_SECONDS: Final = (0.1, 1, 10, 100)
_LEAST, _DECADES = -1.3, 4.0
"""The logarithm of the seconds at the lower edge, and the number of decades above it."""


def svg(medians: Medians) -> str:
    """Return the plot, with four panels in a row."""
    height = _TOP + _ROW * -(-len(Step) // _ACROSS)
    root = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {_WIDTH} {height}", "role": "img"})
    root.set("aria-labelledby", "title")
    text_of(root, "title", "Seconds per step, by number of sessions", id="title")
    text_of(root, "style", _STYLE)
    rect(root, (0, 0, _WIDTH, height), "page")
    write(root, 24, 36, "Seconds per run, by number of sessions", "text", size=18, bold=True)
    write(root, 24, 58, "Both scales are logarithmic. State in files, 2 cores.", "soft")
    _legend(root)
    for number, step in enumerate(Step):
        row, column = divmod(number, _ACROSS)
        _panel(root, medians, step, _LEFT + column * (_PANEL + _GAP), _TOP + row * _ROW)
    return tostring(root, encoding="unicode") + "\n"


def _legend(root: Element) -> None:
    for number, (kind, text, _, _) in enumerate(_LINES):
        row, column = divmod(number, _ACROSS)
        x, y = 24 + column * 264, 82 + row * 24
        _line(root, kind, [(x, y), (x + 24, y)])
        write(root, x + 32, y + 4, text, "text")


def _panel(root: Element, medians: Medians, step: Step, left: float, top: float) -> None:
    sizes = sorted({case.sessions for case in medians.rounds})
    write(root, left, top, step.value, "text", bold=True)
    for seconds in _SECONDS:
        y = _y(top, seconds)
        SubElement(root, "line", numbers(x1=left, x2=left + _PANEL - 40, y1=y, y2=y) | {"class": "grid"})
        write(root, left - 34, y + 4, f"{seconds:g} s", "soft", size=11)
    for size in sizes:
        write(root, _x(left, size, sizes) - 4, top + _HIGH + 28, f"{size:,}", "soft", size=11)
    for kind, _, contestant, latency in _LINES:
        found = [(size, medians.get(contestant, step, Case(size, latency))) for size in sizes]
        _line(root, kind, [(_x(left, size, sizes), _y(top, row.seconds)) for size, row in found if row])


def _x(left: float, size: int, sizes: Sequence[int]) -> float:
    return left + (_PANEL - 40) * log10(size / sizes[0]) / (log10(sizes[-1] / sizes[0]) or 1)


def _y(top: float, seconds: float) -> float:
    """Return the y coordinate of a duration. One below the scale is drawn on its lower edge."""
    return top + 10 + _HIGH * (1 - max(log10(max(seconds, 0.001)) - _LEAST, 0) / _DECADES)


def _line(root: Element, kind: str, points: Sequence[tuple[float, float]]) -> None:
    if points:
        text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        SubElement(root, "polyline", {"points": text, "class": kind})
