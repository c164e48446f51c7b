"""The API in memory: it answers at a time that is set, and nothing is sent.

With it the provider's own operations decide as in a real run, so the rules of a session's life stay in one place.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core import settings, timestamps
from quant_sessions_provider.core.errors import NotFoundError
from quant_sessions_provider.operations.api import (
    CreatedSession,
    DeletedSession,
    ExtendedSession,
    SessionSummary,
    StoredSession,
    UpdatedSession,
)
from quant_sessions_provider.operations.crud import Operations

if TYPE_CHECKING:
    from collections.abc import Iterator

_SETTINGS: Final = settings.load({"quant-sessions:bearer": "-", "quant-sessions:organization": "-"}.get, {})


class PaperApi:
    """An account with one session, which grants whatever is asked; ``extended_by`` is the sum of its extensions."""

    def __init__(self, now: datetime, expiry: datetime) -> None:
        self.now, self.expiry = now, expiry
        self.created, self.extended_by = 0, 0

    @property
    def session_id(self) -> str:
        """The id of the one session."""
        return f"paper-{self.created}"

    def operations(self) -> Operations:
        """Return the operations on this account, at its time."""
        return Operations(self, _SETTINGS, lambda *_: None, lambda: self.now)

    def create(self, *_: object, expiration_minutes: int | None = None, **__: object) -> CreatedSession:
        """Replace the one session."""
        self.created += 1
        self.expiry = self.now + timedelta(minutes=expiration_minutes or 0)
        return CreatedSession(self.session_id, timestamps.render(self.expiry), None)

    def get(self, _organization: str, session_id: str) -> StoredSession:
        """Return the session without its messages."""
        self._require(session_id)
        return StoredSession(session_id, None, None, None, None)

    def update(self, *_: object, **__: object) -> UpdatedSession:
        """Accept an update; none changes what a forecast shows."""
        return UpdatedSession(self.session_id, None, None, None, None)

    def extend(self, _organization: str, session_id: str, *, additional_minutes: int | None = None) -> ExtendedSession:
        """Extend the session from its expiry."""
        self._require(session_id)
        self.extended_by += additional_minutes or 0
        self.expiry += timedelta(minutes=additional_minutes or 0)
        return ExtendedSession(timestamps.render(self.expiry))

    def delete(self, *_: object, **__: object) -> DeletedSession:
        """Accept a deletion; it comes after the creation that replaces the session."""
        return DeletedSession(None)

    def list(self, *_: object, **__: object) -> Iterator[SessionSummary]:
        """List the session while it lives."""
        if self.expiry > self.now:
            yield SessionSummary(self.session_id, None, None, None, None)

    def _require(self, session_id: str) -> None:
        if session_id != self.session_id or self.expiry <= self.now:
            raise NotFoundError("not found", status=404)
