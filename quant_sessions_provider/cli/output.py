"""What commands print: tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def print_json(value: Any) -> None:  # noqa: ANN401 - any JSON
    """Print JSON in ASCII, so no text in it can move the cursor."""
    typer.echo(json.dumps(value, indent=2))


def console() -> Console:
    """Return a console that prints text as it is: markup in it was written by others.

    A character that the terminal's encoding lacks becomes a question mark.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return Console(markup=False, emoji=False, highlight=False)


def safe(text: str, style: str = "") -> Text:
    """Return text that others wrote, made safe for a terminal; its lines are kept."""
    lines = text.expandtabs(4).split("\n")
    return Text("\n".join(one_line(line) for line in lines), style=style)


def table(columns: Sequence[str], rows: Iterable[Sequence[Text]]) -> Table:
    """Return a table that wraps what does not fit."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def to_minute(value: str | None) -> str:
    """Return a timestamp to the minute, in UTC; a value that is not one is returned as it is."""
    parsed = timestamps.parse_or_none(value)
    return timestamps.to_minute(parsed) if parsed else value or ""
