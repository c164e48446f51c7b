"""``quant-sessions list``: the active sessions of an organization."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.cells import cell_len
from rich.text import Text

from quant_sessions_provider.cli.exits import one_line_errors
from quant_sessions_provider.cli.output import AsJson, console, print_json, table, to_minute
from quant_sessions_provider.cli.settings import BaseUrl, Organization, Stack, open_account
from quant_sessions_provider.core.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Column

    from quant_sessions_provider.operations.api import SessionSummary

_GAP: Final = 3
_SHORTEST: Final = 10


def list_sessions(  # noqa: PLR0913 - one parameter an option
    *,
    user: Annotated[str | None, typer.Option(help="Only this user's sessions.", show_default="all")] = None,
    group: Annotated[str | None, typer.Option(help="Only this session group's sessions.", show_default="all")] = None,
    model: Annotated[str | None, typer.Option(help="Only sessions with this model.", show_default="all")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The most sessions to list.")] = 50,
    as_json: AsJson = False,
    organization: Organization = None,
    base_url: BaseUrl = None,
    stack: Stack = None,
) -> None:
    """List active sessions. The API lists neither completed nor expired ones."""
    with one_line_errors():
        client, owner = open_account(organization, base_url, stack)
        # One more than the limit shows whether there are more.
        asked = client.list(owner, user_id=user, session_group=group, model=model, limit=limit + 1)
        found = list(islice(asked, limit + 1))
    shown = found[:limit]
    if as_json:
        print_json([asdict(session) for session in shown])
    else:
        _print(shown)
    if len(found) > limit:
        typer.echo(f"There are more than these {limit} sessions: raise --limit to see them.", err=True)


def _print(sessions: Sequence[SessionSummary]) -> None:
    if not sessions:
        console().print("No active session.")
        return
    to = console()
    shown = table(["id", "created", "model", "title"], [_row(session) for session in sessions])
    *fixed, title = shown.columns
    # People copy ids, so only titles are cut, and those only in a terminal.
    for column in fixed:
        column.width = _widest(column)
    used = sum((column.width or 0) + _GAP for column in fixed)
    title.no_wrap, title.overflow = True, "ellipsis"
    if to.is_terminal:
        title.max_width = max(to.width - used, _SHORTEST)
    else:
        to.width = used + _widest(title)
    to.print(shown)


def _widest(column: Column) -> int:
    return max(cell_len(str(cell)) for cell in (column.header, *column.cells))


def _row(session: SessionSummary) -> list[Text]:
    values = (session.id, to_minute(session.created_at), session.model, session.title)
    return [Text(one_line(value or "")) for value in values]
