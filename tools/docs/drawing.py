"""Draws what a terminal shows as SVG that needs no other file: light or dark as the screen is."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from rich.console import Console
from rich.terminal_theme import TerminalTheme

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

_LIGHT: Final = ("#ffffff", "#1f2328", "#1f2328 #cf222e #116329 #7d4e00 #0969da #8250df #1b7c83 #59636e")
_DARK: Final = ("#0d1117", "#f0f6fc", "#484f58 #ff7b72 #3fb950 #d29922 #58a6ff #bc8cff #39c5cf #b1bac4")
"""Page, text, and the eight colours of a terminal."""
_FORMAT: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="title">
<title id="title">TITLE</title>
<style>
.page {{ fill: #ffffff }}
.{unique_id}-matrix {{ font: {char_height}px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace }}
{styles}
@media (prefers-color-scheme: dark) {{
.page {{ fill: #0d1117 }}
DARK
}}
</style>
<defs>
{lines}
</defs>
<rect class="page" width="{width}" height="{height}"/>
<g class="{unique_id}-matrix" transform="translate(5, 16)">
{matrix}
</g>
</svg>
"""


def drawing(parts: Iterable[RenderableType], width: int, name: str, title: str) -> str:
    """Return what a terminal of so many columns shows. The name must differ from those of drawings beside it."""
    console = Console(file=io.StringIO(), width=width, record=True, force_terminal=True, color_system="standard")
    for part in parts:
        console.print(part)
    drawn = partial(console.export_svg, clear=False, unique_id=name)
    dark = drawn(theme=_theme(*_DARK), code_format="{styles}")
    whole = drawn(theme=_theme(*_LIGHT), code_format=_FORMAT)
    whole = whole.replace("TITLE", escape(title), 1).replace("DARK", dark, 1)
    return "\n".join(line.strip() for line in whole.replace("<text ", "\n<text ").splitlines()) + "\n"


def _theme(page: str, ink: str, colours: str) -> TerminalTheme:
    shades = [_rgb(colour) for colour in colours.split()]
    return TerminalTheme(_rgb(page), _rgb(ink), shades, shades)


def _rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue
