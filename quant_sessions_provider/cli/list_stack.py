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
    from collections.abc import Mapping, Sequence

    from quant_sessions_provider.core.settings import Settings
    from quant_sessions_provider.operations.api import SessionsApi, SessionSummary
    from quant_sessions_provider.status.orphans import Orphan


@dataclass(frozen=True)
class Beside:
    """A column beside what the API lists. ``values`` and ``texts`` are by comparable id; ``key`` is JSON's.

    ``is_rare``: people see it only if it has a text.
    """

    head: str
    key: str
    values: Mapping[str, str | None]
    texts: Mapping[str, str]
    is_rare: bool = False

    @property
    def is_shown(self) -> bool:
        """Whether people see it."""
        return bool(self.texts) or not self.is_rare

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


def orphans_of(stack: str, api: SessionsApi, settings: Settings) -> tuple[list[SessionSummary], list[Beside]]:
    """Return the orphans of a stack, and whose they are; say what was not looked at.

    A user that is secret is decrypted to ask for, not to show.
    """
    orphans = read_state(stack, lambda document: find_orphans(api, document, settings), show_secrets=True)
    for name in orphans.skipped:
        typer.echo(f"Sessions of provider {one_line(name)} were not looked at: it may have another token.", err=True)
    typer.echo(not_looked_at(stack, len(orphans.found)), err=True)
    return [orphan.session for orphan in orphans.found], _owners(orphans.found, settings.require_organization())


def _owners(found: Sequence[Orphan], organization: str) -> list[Beside]:
    by_id = {comparable(orphan.session.id or ""): orphan.owner for orphan in found}
    users = {key: owner.user.shown for key, owner in by_id.items()}
    groups = {key: owner.group.shown for key, owner in by_id.items()}
    named = {key: owner.organization.shown or organization for key, owner in by_id.items()}
    others = [key for key, owner in by_id.items() if (owner.organization.value or organization) != organization]
    return [
        Beside("user", "user", users, {key: user or "" for key, user in users.items()}),
        Beside("group", "group", groups, {key: group or "" for key, group in groups.items()}),
        Beside("organization", "organization", named, {key: named[key] for key in others}, is_rare=True),
    ]


def not_looked_at(stack: str | None, count: int) -> str:
    """Return which states were not looked at for some sessions, or, for none, which users and groups."""
    them = "it" if count == 1 else "them"
    if stack is None:
        return f"No stack was looked at (--stack): one may declare {them}."
    if not count:
        return f"Only users and groups of stack {one_line(stack)} were looked at."
    return f"Only stack {one_line(stack)} was looked at: another may declare {them}."
