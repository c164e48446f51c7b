"""The port: what the operations need of the API, whoever carries it out.

The client does so over HTTP; tests and the timeline do so in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True)
class CreatedSession:
    """The response to `create`."""

    session_id: str | None
    expires_at: str | None
    created_at: str | None


@dataclass(frozen=True)
class StoredSession:
    """The response to `get`. It has no expiry, status, user, group or metadata."""

    id: str | None
    title: str | None
    model: str | None
    messages: list[Any] | None
    created_at: str | None


@dataclass(frozen=True)
class SessionSummary:
    """One entry of a list."""

    id: str | None
    title: str | None
    model: str | None
    created_at: str | None
    updated_at: str | None


@dataclass(frozen=True)
class UpdatedSession:
    """The response to `update`."""

    session_id: str | None
    status: str | None
    total_messages: int | None
    total_tokens: int | None
    updated_at: str | None


@dataclass(frozen=True)
class ExtendedSession:
    """The response to `extend`."""

    expires_at: str | None


@dataclass(frozen=True)
class DeletedSession:
    """The response to `delete`."""

    message: str | None


def is_empty(answer: UpdatedSession | DeletedSession) -> bool:
    """Return whether a response has none of its operation's fields, so that it may be something else's."""
    return all(value is None for value in vars(answer).values())


class SessionsApi(Protocol):
    """The six operations of the API; all raise the errors of :mod:`quant_sessions_provider.core.errors`."""

    def create(  # noqa: PLR0913 - the API's own fields
        self,
        organization: str,
        *,
        user_id: str,
        session_group: str | None = None,
        metadata: dict[str, Any] | None = None,
        expiration_minutes: int | None = None,
        initial_messages: Sequence[Any] | None = None,
    ) -> CreatedSession:
        """Create a session of 5 to 1440 minutes (the API's default is 60)."""

    def get(self, organization: str, session_id: str) -> StoredSession:
        """Return a session with its messages."""

    def update(  # noqa: PLR0913 - the API's own fields
        self,
        organization: str,
        session_id: str,
        *,
        new_messages: Sequence[Any] | None = None,
        tokens_used: int | None = None,
        status: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> UpdatedSession:
        """Append user and assistant messages, count tokens, set status or metadata, in one request."""

    def extend(self, organization: str, session_id: str, *, additional_minutes: int | None = None) -> ExtendedSession:
        """Extend a session by 1 to 1440 minutes (the API's default is 60)."""

    def delete(self, organization: str, session_id: str) -> DeletedSession:
        """Delete a session."""

    def list(  # noqa: PLR0913 - the API's own filters
        self,
        organization: str,
        *,
        user_id: str | None = None,
        session_group: str | None = None,
        model: str | None = None,
        limit: int | None = None,
        offset: int = 0,
        exhaustive: bool = False,
    ) -> Iterator[SessionSummary]:
        """List active sessions, at most ``limit`` of them (all if None) after the first ``offset``.

        ``exhaustive``: raise RefusedError unless the list is complete.
        """
