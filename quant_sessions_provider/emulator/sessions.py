"""A stored session, and how timestamps are written. Times are milliseconds since 1970, UTC."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

MINUTE = 60_000
TITLE_LENGTH = 60
# The largest integer that every JSON parser reads exactly.
MAX_TOKENS = 2**53 - 1

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MAX_TIMESTAMP = 253_402_300_799_999  # the end of the year 9999, the last that RFC 3339 can write


@dataclass
class SessionRow:
    """A row of the store."""

    organisation: str
    id: str
    user_id: str
    created_at: int
    updated_at: int
    expires_at: int
    session_group: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    status: str = "active"
    # The API has no request that sets a model; with a fixed one, clients can try the filter.
    model: str | None = "emulator"
    title: str | None = None
    messages: list[Any] = field(default_factory=list)
    total_tokens: int = 0

    def append(self, messages: list[Any]) -> None:
        """Append messages; the session's first user message becomes its title."""
        self.messages = self.messages + messages
        self.title = self.title or _title(self.messages)


def _title(messages: list[Any]) -> str | None:
    first = next((m for m in messages if isinstance(m, dict) and m.get("role") == "user"), {})
    content = first.get("content")
    return content[:TITLE_LENGTH] or None if isinstance(content, str) else None


def rfc3339(milliseconds: int) -> str:
    """Return a timestamp as the API writes it: UTC with ``Z``, to the millisecond."""
    clamped = min(max(milliseconds, 0), _MAX_TIMESTAMP)
    timestamp = _EPOCH + timedelta(milliseconds=clamped)
    return timestamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_milliseconds(timestamp: datetime) -> int:
    """Return an aware datetime as milliseconds since 1970."""
    return (timestamp - _EPOCH) // timedelta(milliseconds=1)
