"""Shows the status of ``docs/status.md`` as text and as a drawing, of sessions that no run made: ``make report``."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

from rich.console import Console

from quant_sessions_provider.status.terminal import picture
from quant_sessions_provider.status.view import title
from tests.support.pages import put
from tests.support.statuses import workshop
from tools.docs.drawing import drawing as terminal_drawing

PAGE: Final = Path(__file__).parents[2] / "docs" / "status.md"
DRAWING: Final = PAGE.with_suffix(".svg")
_WIDTH: Final = 80


def text() -> str:
    """Return what a terminal of 80 columns shows."""
    written = io.StringIO()
    for part in picture(workshop(), _WIDTH, unicode=True).parts:
        Console(file=written, width=_WIDTH, color_system=None).print(part)
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines())


def drawing() -> str:
    """Return the same as SVG."""
    return terminal_drawing(picture(workshop(), _WIDTH, unicode=True).parts, _WIDTH, "status", title(workshop()))


def build(page: str) -> str:
    """Return the page with what a terminal shows now."""
    return put(page, "terminal", f"```text\n{text()}\n```")


if __name__ == "__main__":
    PAGE.write_text(build(PAGE.read_text()))
    DRAWING.write_text(drawing())
