"""``quant-sessions status``: what lives of a stack's sessions, until when, and what the next run will do."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.live import Live
from rich.text import Text

from quant_sessions_provider.cli.output import AsJson, console, print_json, safe
from quant_sessions_provider.cli.settings import BaseUrl, Sources, valid_text
from quant_sessions_provider.cli.stack import read_state, stack_configuration
from quant_sessions_provider.client.sessions import client_of
from quant_sessions_provider.core.errors import QuantSessionsError
from quant_sessions_provider.status.observe import Observer
from quant_sessions_provider.status.rows import status_of
from quant_sessions_provider.status.terminal import draw
from quant_sessions_provider.status.view import as_json as written
from quant_sessions_provider.status.view import remarks, title

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from quant_sessions_provider.status.model import Status


def status(  # noqa: PLR0913 - one parameter per option
    *,
    stack: Annotated[
        str | None,
        typer.Option(
            callback=valid_text,
            help="Stack of the project in this directory, for its state and its configuration.",
            show_default="the selected one",
        ),
    ] = None,
    no_api: Annotated[bool, typer.Option("--no-api", help="Send nothing: show what state says.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Refresh in place until Ctrl-C.")] = False,
    every: Annotated[int, typer.Option(min=1, max=3600, help="Seconds between two refreshes of --watch.")] = 10,
    as_json: AsJson = False,
    base_url: BaseUrl = None,
) -> None:
    """Show which sessions of a stack are alive, until when, and what `pulumi up` will do to them."""
    to = console()
    if watch and (as_json or not to.is_terminal):
        raise typer.BadParameter("requires a terminal, and excludes --json", param_hint="--watch")
    observer = None if no_api else _observer(stack, base_url)
    if watch:
        _watch(stack, observer, to, every)
    found = _look(stack, observer)
    if as_json:
        print_json(written(found))
    else:
        _print(found, to)
    raise typer.Exit(found.asked and any(row.seen.life == "unknown" for row in found.rows))


def _observer(stack: str | None, base_url: str | None) -> Observer:
    settings = Sources({} if base_url is None else {"baseUrl": base_url}, stack_configuration(stack)).load()
    settings.require_bearer()
    return Observer(client_of(settings), settings)


def _look(stack: str | None, observer: Observer | None) -> Status:
    return read_state(stack, lambda document: status_of(document, observer, datetime.now(timezone.utc)))


def _watch(stack: str | None, observer: Observer | None, to: Console, seconds: int) -> None:
    picture = _picture(_look(stack, observer), to)
    with Live(picture, console=to, auto_refresh=False, vertical_overflow="ellipsis") as live:
        while True:
            time.sleep(seconds)
            try:
                picture = _picture(_look(stack, observer), to)
                live.update(picture, refresh=True)
            except QuantSessionsError as error:
                # The next refresh may succeed.
                live.update(Group(picture, safe(f"not refreshed: {error}", "red")), refresh=True)


def _picture(found: Status, to: Console) -> RenderableType:
    return Group(*_parts(found, to)[0])


def _parts(found: Status, to: Console) -> tuple[list[RenderableType], int]:
    """Return what is shown, from the top, and the cells that its table takes."""
    parts: list[RenderableType] = [Text(title(found), style="bold")]
    width = 0
    if found.rows:
        unicode = to.encoding.lower().startswith("utf")
        drawing = draw(found, to.width if to.is_terminal else None, unicode=unicode)
        parts.append(drawing.table)
        width = drawing.width
    return [*parts, *map(safe, remarks(found))], width


def _print(found: Status, to: Console) -> None:
    parts, width = _parts(found, to)
    # A pipe gets all of a row, and a terminal that is narrower than any table what fits no more on the next line.
    to.width = max(to.width, width)
    for part in parts:
        to.print(part, soft_wrap=isinstance(part, Text))
