"""Shows the status of ``docs/status.md`` as text and as a drawing, of sessions that no run made: ``make report``."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from quant_sessions_provider.status.terminal import picture
from quant_sessions_provider.status.view import title
from tests.support.pages import put
from tests.support.statuses import workshop

PAGE: Final = Path(__file__).parents[2] / "docs" / "status.md"
DRAWING: Final = PAGE.with_suffix(".svg")
_WIDTH: Final = 80
_ID: Final = "status"
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


def text() -> str:
    """Return what a terminal of 80 columns shows."""
    written = io.StringIO()
    for part in picture(workshop(), _WIDTH, unicode=True).parts:
        Console(file=written, width=_WIDTH, color_system=None).print(part)
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines())


def drawing() -> str:
    """Return the same as SVG that needs no other file: light or dark as the screen is."""
    console = Console(file=io.StringIO(), width=_WIDTH, record=True, force_terminal=True, color_system="standard")
    for part in picture(workshop(), _WIDTH, unicode=True).parts:
        console.print(part)
    drawn = partial(console.export_svg, clear=False, unique_id=_ID)
    dark = drawn(theme=_theme(*_DARK), code_format="{styles}")
    whole = drawn(theme=_theme(*_LIGHT), code_format=_FORMAT)
    whole = whole.replace("TITLE", escape(title(workshop())), 1).replace("DARK", dark, 1)
    return "\n".join(line.strip() for line in whole.replace("<text ", "\n<text ").splitlines()) + "\n"


def _theme(page: str, ink: str, colours: str) -> TerminalTheme:
    shades = [_rgb(colour) for colour in colours.split()]
    return TerminalTheme(_rgb(page), _rgb(ink), shades, shades)


def _rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def build(page: str) -> str:
    """Return the page with what a terminal shows now."""
    return put(page, "terminal", f"```text\n{text()}\n```")


if __name__ == "__main__":
    PAGE.write_text(build(PAGE.read_text()))
    DRAWING.write_text(drawing())
