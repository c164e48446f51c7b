"""``quant-sessions show``: one session with its messages."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from quant_sessions_provider.cli.output import AsJson, console, print_json, safe, to_minute
from quant_sessions_provider.cli.settings import BaseUrl, Organization, Stack, open_account, valid_text

if TYPE_CHECKING:
    from rich.console import Console

    from quant_sessions_provider.operations.api import StoredSession


def show(
    session_id: Annotated[str, typer.Argument(metavar="ID", callback=valid_text, help="Id of the session.")],
    *,
    as_json: AsJson = False,
    organization: Organization = None,
    base_url: BaseUrl = None,
    stack: Stack = None,
) -> None:
    """Show one session with its messages. Its expiry is in the stack's state; the API does not return it."""
    client, owner = open_account(organization, base_url, stack)
    session = client.get(owner, session_id)
    if as_json:
        print_json(asdict(session))
    else:
        _print(session, console())


def _print(session: StoredSession, to: Console) -> None:
    to.print(_facts(session))
    for message in session.messages or []:
        to.print()
        to.print(_message(message), soft_wrap=True)


def _facts(session: StoredSession) -> Table:
    messages = session.messages
    facts = {
        "id": session.id or "",
        "title": session.title or "",
        "model": session.model or "",
        "created": to_minute(session.created_at),
        "messages": "not returned" if messages is None else str(len(messages)),
    }
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for name, value in facts.items():
        table.add_row(name, safe(value))
    return table


def _message(message: Any) -> Text:  # noqa: ANN401 - whatever the API holds
    if isinstance(message, dict) and all(isinstance(message.get(key), str) for key in ("role", "content")):
        return Text.assemble(safe(message["role"], "bold"), "\n", safe(message["content"]))
    return safe(json.dumps(message, ensure_ascii=False))
