"""A throwaway session to ask questions of: made, asked and deleted again, whatever happens between."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from quant_sessions_provider.client.sessions import Client, path_of
from quant_sessions_provider.client.transport import Transport
from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.errors import ApiError, QuantSessionsError
from quant_sessions_provider.core.model import MIN_LIFETIME
from quant_sessions_provider.operations.crud import Operations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quant_sessions_provider.core.settings import Settings

GROUP: Final = "quant-sessions-doctor"
FIRST_MESSAGES: Final = [
    {"role": "system", "content": "Made by quant-sessions doctor, which deletes it again."},
    {"role": "user", "content": "Is a message of the system kept?"},
]
DONE: Final = 200
_REFUSALS: Final = (400, 403, 409, 422)


class NotDeletedError(QuantSessionsError):
    """A throwaway session is left; names it."""


@dataclass
class Subject:
    """A session that questions are asked of, and what is known of it. ``granted`` is its expiry as last told."""

    client: Client
    transport: Transport
    organization: str
    user: str
    id: str
    created: datetime
    granted: datetime | None
    counts_from_now: bool = False

    def __post_init__(self) -> None:
        """Note what must be known of the beginning."""
        self._born = time.monotonic()
        asked = self.created + timedelta(minutes=MIN_LIFETIME)
        self.offset = self.granted - asked if self.granted else timedelta()

    def there_now(self) -> datetime:
        """Tell the API's time, from its own word for when it created the session."""
        return self.created + timedelta(seconds=time.monotonic() - self._born)

    def get(self) -> dict[str, Any]:
        """Read the session; the whole answer, with fields that the description does not know."""
        return self._raw("GET", None)

    def put(self, **body: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
        """Update the session, with whatever fields."""
        return self._raw("PUT", body)

    def _raw(self, method: str, body: dict[str, Any] | None) -> dict[str, Any]:
        path = path_of(self.organization, self.id)
        try:
            return self.transport.request(f"{method} of it", method, path, parse=_fields, idempotent=False, body=body)
        except ApiError as error:
            if error.status // 100 != DONE // 100:
                raise
            return {}  # a success that says nothing

    def extend(self, minutes: int) -> datetime | None:
        """Extend the session; until when, if the answer tells."""
        answer = self.client.extend(self.organization, self.id, additional_minutes=minutes)
        self.granted = timestamps.parse_or_none(answer.expires_at)
        return self.granted

    def is_listed(self) -> bool:
        """Look into the list of its user's active sessions."""
        return any(found.id == self.id for found in self.client.list(self.organization, user_id=self.user))

    def delete(self) -> object:
        """Send a DELETE."""
        return self.client.delete(self.organization, self.id)


def _fields(answer: object) -> dict[str, Any]:
    return answer if isinstance(answer, dict) else {}


def status_of(call: Callable[[], object]) -> int:
    """Give the status of an answer; 200 for each success.

    Raises:
        QuantSessionsError: there was no answer.

    """
    try:
        call()
    except ApiError as error:
        return error.status
    return DONE


def refusal(error: ApiError) -> int:
    """Give the status of an answer that refuses what was asked.

    Raises:
        ApiError: the answer says nothing about that: itself.

    """
    if error.status not in _REFUSALS:
        raise error
    return error.status


@contextmanager
def throwaway(settings: Settings) -> Iterator[Subject]:
    """Lend a new session of 5 minutes, and delete it at the end, also after an error or Ctrl-C.

    Raises:
        QuantSessionsError: it could not be made.
        NotDeletedError: it could not be deleted.

    """
    transport = Transport(settings)
    client = Client(lambda: transport)
    # A conversation of nobody needs no transcript.
    operations = Operations(client, replace(settings, transcript_dir=None), lambda _: None)
    user, organization = f"{GROUP}-{uuid4().hex[:8]}", settings.require_organization()
    inputs = {
        "organization": organization,
        "userId": user,
        "sessionGroup": GROUP,
        "expirationMinutes": MIN_LIFETIME,
        "messages": FIRST_MESSAGES,
        "status": "active",
    }
    session_id, outputs = operations.create(inputs)
    try:
        created = timestamps.parse_or_none(outputs.get("createdAt")) or datetime.now(timezone.utc)
        granted = timestamps.parse_or_none(outputs.get("grantedExpiresAt"))
        yield Subject(client, transport, organization, user, session_id, created, granted)
    finally:
        _remove(operations, session_id, inputs)


def _remove(operations: Operations, session_id: str, inputs: dict[str, Any]) -> None:
    try:
        operations.delete(session_id, inputs)
    except QuantSessionsError as error:
        raise NotDeletedError(
            f"session {session_id} (group {GROUP}) is left: delete it by its id, or let it expire; {error}"
        ) from error
