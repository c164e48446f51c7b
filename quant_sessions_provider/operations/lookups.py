"""Lookups of sessions that a program does not declare, for functions of programs and of the plugin.

``function`` is the name by which people call the lookup; errors begin with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from quant_sessions_provider.core.errors import NotFoundError, RefusedError
from quant_sessions_provider.core.model import is_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quant_sessions_provider.core.settings import Settings
    from quant_sessions_provider.operations.api import SessionsApi, SessionSummary, StoredSession


@dataclass(frozen=True)
class FoundSession:
    """A session as the API returns it; a missing field is None. The API returns no expiry, status, user or group."""

    id: str
    title: str | None = field(repr=False)
    model: str | None
    messages: list[dict[str, Any]] | None = field(repr=False)
    """The live conversation, oldest first."""
    created_at: str | None


@dataclass(frozen=True)
class ListedSession:
    """One entry of a list, as the API returns it; a missing field is None."""

    id: str
    title: str | None = field(repr=False)
    model: str | None
    created_at: str | None
    updated_at: str | None


@dataclass(frozen=True)
class Lookups:
    """Lookups under one configuration; ``organization`` is by default the configured one."""

    api: SessionsApi
    settings: Settings

    def get(self, function: str, session_id: str, organization: str | None) -> FoundSession:
        """Return a session and its live conversation. Sends one request.

        Raises:
            RefusedError: there is no such session.

        """
        try:
            found = self.api.get(organization or self.settings.require_organization(), session_id)
        except NotFoundError as error:
            raise RefusedError(
                f"{function}: session {session_id} was not found at {self.settings.base_url}:"
                " it has expired, was deleted, or belongs to another organization"
            ) from error
        return found_session(session_id, found)

    def list(
        self, function: str, filters: Mapping[str, Any], limit: int | None, organization: str | None
    ) -> list[ListedSession]:
        """Return active sessions, all if ``limit`` is None. Sends one request a page."""
        listed = self.api.list(organization or self.settings.require_organization(), **filters, limit=limit)
        return listed_sessions(function, listed)


def found_session(session_id: str, found: StoredSession) -> FoundSession:
    """Return a session as people see it, by the id that they asked for."""
    return FoundSession(session_id, found.title, found.model, found.messages, found.created_at)


def listed_sessions(function: str, entries: Iterable[SessionSummary]) -> list[ListedSession]:
    """Return the entries of a list as people see them."""
    return [_listed_session(function, entry) for entry in entries]


def _listed_session(function: str, entry: SessionSummary) -> ListedSession:
    if not entry.id:
        raise RefusedError(f"{function}: an entry of the API's response has no id")
    return ListedSession(entry.id, entry.title, entry.model, entry.created_at, entry.updated_at)


def require_strings(function: str, arguments: Mapping[str, object]) -> None:
    """Refuse an empty filter: the API would ignore it, and list everybody's sessions."""
    for name, value in arguments.items():
        if value is not None and not (isinstance(value, str) and value.strip()):
            raise RefusedError(f"{function}: {name} must be a non-empty string")


def require_limit(function: str, limit: object) -> None:
    """Refuse a limit that is no positive whole number; None is no limit."""
    if limit is not None and not (is_whole(limit) and limit > 0):
        raise RefusedError(f"{function}: limit must be a positive whole number")
