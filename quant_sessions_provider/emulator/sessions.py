"""A stored session and the rules that need nothing but its values. Times are milliseconds since 1970, UTC."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

MINUTE = 60_000
TITLE_LENGTH = 60
# Beyond this a JSON number is no longer exact for every client.
MAX_TOKENS = 2**53 - 1

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_LAST_MOMENT = 253_402_300_799_999  # the end of the year 9999: what a moved clock or session may not pass


@dataclass
class Session:
    """One row of the store."""

    organisation: str
    id: str
    user_id: str
    created_at: int
    updated_at: int
    expires_at: int
    session_group: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    status: str = "active"
    # The API has no way to set a model; a fixed one lets clients try the filter.
    model: str | None = "emulator"
    title: str | None = None
    messages: list[Any] = field(default_factory=list)
    total_tokens: int = 0

    def append(self, messages: list[Any]) -> None:
        """Add messages at the end; the first user message ever names the session."""
        self.messages = self.messages + messages
        self.title = self.title or _title(self.messages)


def _title(messages: list[Any]) -> str | None:
    first = next((m for m in messages if isinstance(m, dict) and m.get("role") == "user"), {})
    content = first.get("content")
    return content[:TITLE_LENGTH] or None if isinstance(content, str) else None


def rfc3339(milliseconds: int) -> str:
    """Write a moment as the API does: UTC with ``Z``, to the millisecond."""
    within = min(max(milliseconds, 0), _LAST_MOMENT)
    moment = _EPOCH + timedelta(milliseconds=within)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def milliseconds_of(moment: datetime) -> int:
    """Turn an aware datetime into milliseconds since 1970."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)
