"""``quant-sessions list --stack``: names and expiries from the stack's state, and its orphans."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import typer

from quant_sessions_provider.cli.stack import read_state
from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.text import one_line
from quant_sessions_provider.status.orphans import find_orphans
from quant_sessions_provider.status.state import comparable, ids_in, read_stack
from quant_sessions_provider.status.view import expiry, until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quant_sessions_provider.operations.api import SessionsApi, SessionSummary


@dataclass(frozen=True)
class Beside:
    """A column beside what the API lists. ``values`` and ``texts`` are by comparable id; ``key`` is JSON's."""

    head: str
    key: str
    values: Mapping[str, str | None]
    texts: Mapping[str, str]

    def text(self, session: SessionSummary) -> str:
        """Return what people see of a session; empty for one that the state does not know."""
        return self.texts.get(comparable(session.id or ""), "")


def json_of(session: SessionSummary, beside: list[Beside]) -> dict[str, str | None]:
    """Return what the columns have of a session; None for one that the state does not know."""
    return {column.key: column.values.get(comparable(session.id or "")) for column in beside}


def names_in(stack: str | None) -> list[Beside]:
    """Return the names and expiries of the sessions in a stack's state; nothing without a stack."""
    if stack is None:
        return []
    now = datetime.now(timezone.utc)
    known, sessions = read_state(stack, lambda document: (ids_in(document), read_stack(document)))
    names = {key: found.name for key, found in known.items()}
    times = {comparable(session.id): expiry(session) for session in sessions}
    rendered = {key: timestamps.render(time) if time else None for key, time in times.items()}
    shown = {comparable(session.id): until(session, now) for session in sessions}
    return [Beside("session", "name", names, names), Beside("until", "expires_at", rendered, shown)]


def orphans_of(stack: str, api: SessionsApi, organization: str) -> tuple[list[SessionSummary], list[Beside]]:
    """Return the orphans of a stack, and whose they are; say that no other stack was looked at.

    A user that is secret is decrypted to ask for, not to show.
    """
    found = read_state(stack, lambda document: find_orphans(api, document, organization), show_secrets=True)
    if found:
        typer.echo(not_looked_at(stack, len(found)), err=True)
    keys = [comparable(orphan.session.id or "") for orphan in found]
    users = dict(zip(keys, (orphan.owner.user.shown for orphan in found), strict=True))
    groups = dict(zip(keys, (orphan.owner.group.shown for orphan in found), strict=True))
    columns = [("user", users), ("group", groups)]
    return [orphan.session for orphan in found], [
        Beside(name, name, values, {key: value or "" for key, value in values.items()}) for name, values in columns
    ]


def not_looked_at(stack: str | None, count: int) -> str:
    """Return which states were not looked at for some sessions."""
    them = "it" if count == 1 else "them"
    if stack is None:
        return f"No stack was looked at (--stack): one may declare {them}."
    return f"Only stack {one_line(stack)} was looked at: another may declare {them}."
