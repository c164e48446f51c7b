"""``quant-sessions list``: the active sessions of an organization."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.cells import cell_len
from rich.text import Text

from quant_sessions_provider.cli.import_file import import_file
from quant_sessions_provider.cli.list_stack import Beside, json_of, names_in, orphans_of
from quant_sessions_provider.cli.output import AsJson, console, print_json, table, to_minute
from quant_sessions_provider.cli.settings import BaseUrl, Organization, Stack, account_settings, valid_text
from quant_sessions_provider.client.sessions import client_of
from quant_sessions_provider.core.text import counted, one_line
from quant_sessions_provider.operations.lookups import listed_sessions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Column

    from quant_sessions_provider.operations.api import SessionSummary

_IMPORT: Final = "'--import'"
_GAP: Final = 3
_MIN_CELLS: Final = 8
"""Cells of a model or a title at least."""


def _filter(text: str) -> Any:  # noqa: ANN401 - typer's own type is private
    return typer.Option(callback=valid_text, help=text, show_default="all")


def list_sessions(  # noqa: PLR0913 - one parameter per option
    *,
    user: Annotated[str | None, _filter("Only this user's sessions.")] = None,
    group: Annotated[str | None, _filter("Only this session group's sessions.")] = None,
    model: Annotated[str | None, _filter("Only sessions with this model.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of sessions.")] = 50,
    orphans: Annotated[
        bool, typer.Option("--orphans", help="Only sessions of the users and groups of --stack that it does not know.")
    ] = False,
    as_json: AsJson = False,
    as_import: Annotated[
        bool, typer.Option("--import", help="Print the JSON that `pulumi import --file` takes; needs --user.")
    ] = False,
    organization: Organization = None,
    base_url: BaseUrl = None,
    stack: Stack = None,
) -> None:
    """List active sessions. The API lists neither completed nor expired ones."""
    if as_import:
        _require_importable(user, as_json=as_json)
    if orphans and (stack is None or user or group or model):
        raise typer.BadParameter("requires --stack, and excludes --user, --group and --model", param_hint="--orphans")
    settings = account_settings(organization, base_url, stack)
    client, owner = client_of(settings), settings.require_organization()
    if orphans:
        found, beside = orphans_of(str(stack), client, settings)
    else:
        # One more than the limit shows whether there are more.
        found = list(client.list(owner, user_id=user, session_group=group, model=model, limit=limit + 1))
        beside = [] if as_import else names_in(stack)
    shown = found[:limit]
    if as_import and user:
        _print_import(owner, user, group, shown)
    elif as_json:
        print_json([asdict(session) | json_of(session, beside) for session in shown])
    else:
        _print(shown, beside, "No orphan." if orphans else "No active session.")
    if len(found) > limit:
        typer.echo(f"More than {counted(limit, 'session')}: raise --limit to see them.", err=True)


def _require_importable(user: str | None, *, as_json: bool) -> None:
    if user is None:
        raise typer.BadParameter("needs --user, since the API does not return whose session it is", param_hint=_IMPORT)
    if as_json:
        raise typer.BadParameter("excludes --json", param_hint=_IMPORT)


def _print_import(organization: str, user: str, group: str | None, shown: Sequence[SessionSummary]) -> None:
    print_json(import_file(organization, user, group, [session.id for session in listed_sessions("list", shown)]))
    if group is None:
        typer.echo("Without --group they are imported as sessions of no group. List those of a group by it.", err=True)


def _print(sessions: Sequence[SessionSummary], columns: Sequence[Beside], none: str) -> None:
    beside = [column for column in columns if column.is_shown]
    if not sessions:
        console().print(none)
        return
    to = console()
    heads = ["id", *(column.head for column in beside), "created", "model", "title"]
    rows = [_row(session, beside) for session in sessions]
    shown = table(heads, rows)
    width = _fit(shown.columns, to.width) if to.is_terminal else _total(shown.columns)
    if beside and to.is_terminal and width > to.width:
        shown = table(heads[:-3], [row[:-3] for row in rows])
        width = max(to.width, _total(shown.columns))
    to.width = width
    to.print(shown)


def _fit(columns: list[Column], width: int) -> int:
    """Cut models and titles to a terminal's width; return the width that the table takes."""
    model, title = columns[-2:]
    # People copy ids, so they are never cut, even in a terminal that is too narrow for them.
    left = width - _total(columns[:-2]) - 2 * _GAP
    model.width = min(_widest(model), max(left - _MIN_CELLS, _MIN_CELLS))
    title.width = min(_widest(title), max(left - model.width, _MIN_CELLS))
    for column in (model, title):
        column.no_wrap, column.overflow = True, "ellipsis"
    return max(width, _total(columns))


def _total(columns: Sequence[Column]) -> int:
    return sum(column.width or _widest(column) for column in columns) + _GAP * (len(columns) - 1)


def _widest(column: Column) -> int:
    return max(cell_len(str(cell)) for cell in (column.header, *column.cells))


def _row(session: SessionSummary, beside: Sequence[Beside]) -> list[Text]:
    texts = (column.text(session) for column in beside)
    values = (session.id, *texts, to_minute(session.created_at), session.model, session.title)
    return [Text(one_line(value or "")) for value in values]
