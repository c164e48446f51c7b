"""Draws a report as it looks on a pull request: the same Markdown, in the layout of a code host."""

from __future__ import annotations

import re
from html import unescape
from textwrap import wrap
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, SubElement, tostring

from quant_sessions_provider.timeline.svg_elements import numbers, rect, text_of, write

if TYPE_CHECKING:
    from collections.abc import Iterator

_STYLE: Final = """
svg { font: 14px -apple-system, "Segoe UI", Helvetica, Arial, "DejaVu Sans", sans-serif; }
.page { fill: #ffffff; stroke: #d1d9e0 } .bar { fill: #f6f8fa } .text { fill: #1f2328 } .soft { fill: #59636e }
.line { stroke: #d1d9e0 } .stripe { fill: #f6f8fa } .chip { fill: #eff1f3 }
.face { fill: #8250df } .light { fill: #ffffff }
.code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 12px }
.CAUTION { fill: #cf222e } .WARNING { fill: #9a6700 }
@media (prefers-color-scheme: dark) {
.page { fill: #0d1117; stroke: #3d444d } .bar { fill: #151b23 } .text { fill: #f0f6fc } .soft { fill: #9198a1 }
.line { stroke: #3d444d } .stripe { fill: #151b23 } .chip { fill: #262c36 }
.face { fill: #8957e5 } .light { fill: #ffffff }
.CAUTION { fill: #f85149 } .WARNING { fill: #d29922 } }
"""
_SPACE: Final = "{http://www.w3.org/XML/1998/namespace}space"
_WIDTH, _MARGIN, _LINE = 1040, 24, 20
_LETTER, _CODE_LETTER = 7.3, 7.25
"""Upper bounds of the average width of a letter, in points: the fonts of readers differ."""
_COLUMNS: Final = (140, 90, 462, 156, 144)
"""Widths in points; the third column wraps."""
_TOKENS: Final = re.compile(r"\*\*(?P<bold>[^*]+)\*\*|`(?P<code>[^`]+)`|<code>(?P<html>.*?)</code>")


class _Page:
    """A page that grows downwards."""

    def __init__(self) -> None:
        self.root = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "aria-labelledby": "title"})
        self.y = 46.0

    def heading(self, text: str) -> None:
        self.y += 40
        _rich(self.root, _MARGIN, self.y, text, size=18, bold=True)
        self.y += 10

    def alert(self, kind: str, lines: list[str]) -> None:
        top = self.y + 14
        self.y = top + 16
        write(self.root, _MARGIN + 16, self.y, kind.capitalize(), kind, bold=True, size=14)
        for line in _wrapped(lines, _WIDTH - 2 * _MARGIN - 32):
            self.y += _LINE + 2
            _rich(self.root, _MARGIN + 16, self.y, line)
        rect(self.root, (_MARGIN, top, 4, self.y + 10 - top), kind)
        self.y += 14

    def paragraph(self, text: str) -> None:
        self.y += 12
        for line in _wrapped([text], _WIDTH - 2 * _MARGIN):
            self.y += _LINE
            _rich(self.root, _MARGIN, self.y, line, kind="soft")

    def table(self, rows: list[list[str]]) -> None:
        self.y += 18
        for index, row in enumerate(rows):
            cells = [_wrapped([cell], width - 26) for cell, width in zip(row, _COLUMNS, strict=True)]
            height = 16 + _LINE * max(map(len, cells))
            if index % 2 == 0 and index:
                rect(self.root, (_MARGIN, self.y, sum(_COLUMNS), height), "stripe")
            self._cells(cells, bold=index == 0)
            self.y += height
            self._rule(self.y)
        self.y += 4

    def _cells(self, cells: list[list[str]], *, bold: bool) -> None:
        x = float(_MARGIN)
        for lines, width in zip(cells, _COLUMNS, strict=True):
            for number, line in enumerate(lines):
                _rich(self.root, x + 13, self.y + 22 + _LINE * number, line, bold=bold)
            x += width

    def _rule(self, y: float) -> None:
        ends = numbers(x1=_MARGIN, x2=_MARGIN + sum(_COLUMNS), y1=y, y2=y)
        SubElement(self.root, "line", ends | {"class": "line"})

    def svg(self, title: str) -> str:
        height = self.y + _MARGIN
        self.root.set("viewBox", f"0 0 {_WIDTH} {height:.0f}")
        drawn = list(self.root)
        self.root[:] = []
        text_of(self.root, "title", title, id="title")
        text_of(self.root, "style", _STYLE)
        rect(self.root, (0.5, 0.5, _WIDTH - 1, height - 1), "page", round_=8)
        rect(self.root, (1, 1, _WIDTH - 2, 45), "bar", round_=7)
        SubElement(self.root, "circle", numbers(cx=36, cy=23, r=12) | {"class": "face"})
        write(self.root, 30.5, 28, "Q", "light", bold=True)
        write(self.root, 58, 28, "ci", "text", bold=True, size=14)
        write(self.root, 78, 28, "commented on this pull request", "soft", size=14)
        self.root.extend(drawn)
        return tostring(self.root, encoding="unicode") + "\n"


def picture(markdown: str) -> str:
    """Return a report as SVG."""
    page, title = _Page(), ""
    for block in re.sub(r"<!--.*?-->\n", "", markdown).strip().split("\n\n"):
        lines = block.splitlines()
        if block.startswith("### "):
            title = unescape(_TOKENS.sub(lambda m: next(filter(None, m.groups())), block.removeprefix("### ")))
            page.heading(block.removeprefix("### "))
        elif block.startswith("> [!"):
            page.alert(lines[0][4:-1], [line.removeprefix("> ").removesuffix("\\") for line in lines[1:]])
        elif block.startswith("| "):
            page.table([line[2:-2].split(" | ") for line in lines if not line.startswith("| ---")])
        elif block.startswith("<details>"):
            page.paragraph("▾ " + re.sub("<.*?>", "", block))
        elif block != "</details>":
            page.paragraph(block)
    return page.svg(title)


def _wrapped(lines: list[str], width: float) -> list[str]:
    return [part for line in lines for part in wrap(line, int(width / _LETTER), break_on_hyphens=False)]


def _rich(  # noqa: PLR0913 - given by name
    root: Element, x: float, y: float, text: str, *, kind: str = "text", size: int = 14, bold: bool = False
) -> None:
    """Write a line with code and bold words; a name alone in its cell gets a grey box, as code has."""
    alone = re.fullmatch(r"`([^`]+)`", text)
    if alone:
        rect(root, (x - 5, y - 14, len(alone[1]) * _CODE_LETTER + 10, 20), "chip", round_=5)
    line = write(root, x, y, "", kind, size=size, bold=bold)
    line.set(_SPACE, "preserve")  # some renderers drop it at the ends of parts
    for part, look in _parts(text):
        text_of(line, "tspan", part, **look)


def _parts(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    end = 0
    for found in _TOKENS.finditer(text):
        yield _plain(text[end : found.start()]), {}
        bold = found["bold"]
        yield _plain(bold or found["code"] or found["html"]), {"font-weight": "600"} if bold else {"class": "code"}
        end = found.end()
    yield _plain(text[end:]), {}


def _plain(text: str) -> str:
    return unescape(text).replace("\u200b", "")
