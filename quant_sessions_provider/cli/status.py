"""``quant-sessions status``: what lives of a stack's sessions, until when, and what the next run will do."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Group
from rich.live import Live

from quant_sessions_provider.cli.output import AsJson, console, print_json, safe
from quant_sessions_provider.cli.settings import BaseUrl, Sources, valid_text
from quant_sessions_provider.cli.stack import read_state, stack_configuration
from quant_sessions_provider.client.sessions import client_of
from quant_sessions_provider.core.errors import QuantSessionsError
from quant_sessions_provider.status.observe import Observer
from quant_sessions_provider.status.rows import status_of
from quant_sessions_provider.status.terminal import picture
from quant_sessions_provider.status.view import as_json as written

if TYPE_CHECKING:
    from rich.console import Console

    from quant_sessions_provider.status.model import Status
    from quant_sessions_provider.status.terminal import Picture


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
    return read_state(stack, lambda document: status_of(document, observer, partial(datetime.now, timezone.utc)))


def _watch(stack: str | None, observer: Observer | None, to: Console, seconds: int) -> NoReturn:
    shown = Group(*_picture(_look(stack, observer), to).parts)
    with Live(shown, console=to, auto_refresh=False, vertical_overflow="ellipsis") as live:
        while True:
            time.sleep(seconds)
            try:
                shown = Group(*_picture(_look(stack, observer), to).parts)
                live.update(shown, refresh=True)
            except QuantSessionsError as error:
                # The next refresh may succeed.
                live.update(Group(shown, safe(f"not refreshed: {error}", "red")), refresh=True)


def _picture(found: Status, to: Console) -> Picture:
    unicode = to.encoding.lower().startswith("utf")
    return picture(found, to.width if to.is_terminal else None, unicode=unicode)


def _print(found: Status, to: Console) -> None:
    shown = _picture(found, to)
    # A file gets all of a row; in a terminal narrower than any table what does not fit goes on in the next line.
    to.width = max(to.width, shown.width)
    for part in shown.parts:
        to.print(part, soft_wrap=part is not shown.table)
