"""``quant-sessions extend``: let one session live longer."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Annotated

import typer

from quant_sessions_provider.cli.settings import BaseUrl, Organization, Stack, open_account, valid_text
from quant_sessions_provider.cli.stack import read_state
from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.describe import about
from quant_sessions_provider.core.expiry import later
from quant_sessions_provider.core.model import MAX_EXTENSION
from quant_sessions_provider.core.redaction import redact_errors
from quant_sessions_provider.core.text import counted, one_line
from quant_sessions_provider.status.state import comparable, ids_in, read_stack
from quant_sessions_provider.status.view import expiry

if TYPE_CHECKING:
    from quant_sessions_provider.client.sessions import Client
    from quant_sessions_provider.core.model import Properties
    from quant_sessions_provider.status.model import StackSession
    from quant_sessions_provider.status.state import KnownId


def extend(
    session_id: Annotated[str, typer.Argument(metavar="ID", callback=valid_text, help="Id of the session.")],
    *,
    minutes: Annotated[int, typer.Option(min=1, max=MAX_EXTENSION, help="Minutes to extend it by.")],
    organization: Organization = None,
    base_url: BaseUrl = None,
    stack: Stack = None,
) -> None:
    """Extend one session, once: a request without an answer may have taken effect, and is not repeated."""
    client, owner = open_account(organization, base_url, stack)
    known, session = (None, None) if stack is None else _in_state(stack, comparable(session_id))
    granted = _extend(client, owner, session_id, minutes, session.outputs if session else {})
    typer.echo(about(one_line(session_id), _outcome(minutes, granted, session, datetime.now(timezone.utc))))
    if known and known.role == "declared":
        stays = f"Stack {one_line(str(stack))} declares it as {one_line(known.name)}; its state keeps the expiry it has"
        typer.echo(f"{stays}, and the next run that finds it alive after that extends it.", err=True)


@redact_errors
def _extend(client: Client, organization: str, session_id: str, minutes: int, _outputs: Properties) -> str | None:
    return client.extend(organization, session_id, additional_minutes=minutes).expires_at


def _in_state(stack: str, key: str) -> tuple[KnownId | None, StackSession | None]:
    known, sessions = read_state(stack, lambda document: (ids_in(document), read_stack(document)))
    return known.get(key), next((session for session in sessions if comparable(session.id) == key), None)


def _outcome(minutes: int, granted: str | None, known: StackSession | None, now: datetime) -> str:
    extended = f"extended by {counted(minutes, 'minute')}"
    if known and not known.shows_times:
        return f"{extended}; its expiry is secret in the state"
    until = timestamps.parse_or_none(granted)
    if until:
        return f"{extended}, lives until {timestamps.to_minute(until)}"
    before = expiry(known) if known else None
    if before is None:
        return f"{extended}; the API did not return until when it lives"
    about_then = timestamps.to_minute(later(max(before, now), minutes))
    return f"{extended}, lives until about {about_then} as the state has it; the API did not return a time"
