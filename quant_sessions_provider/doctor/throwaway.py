"""A throwaway session: created, asked about and deleted again, whatever happens between."""

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
from quant_sessions_provider.core.model import MIN_LIFETIME, Key
from quant_sessions_provider.operations.crud import Operations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quant_sessions_provider.core.settings import Settings

GROUP: Final = "quant-sessions-doctor"
FIRST_MESSAGES: Final = [
    {"role": "system", "content": "Made by quant-sessions doctor, which deletes it again."},
    {"role": "user", "content": "Is this message shown as it was sent?"},
    # What services normalize: outer white space, line ends, Unicode form.
    {"role": "assistant", "content": " That a\u0301 GET will tell.\r\nIt follows. "},
]
DONE: Final = 200
_REJECTIONS: Final = (400, 403, 409, 422)


class NotDeletedError(QuantSessionsError):
    """A throwaway session could not be deleted; names it."""


@dataclass
class ThrowawaySession:
    """A session to ask about, and what is known of it. ``granted`` is its expiry as the API last returned it."""

    client: Client
    transport: Transport
    organization: str
    user: str
    id: str
    created: datetime
    granted: datetime | None
    counts_from_now: bool = False

    def __post_init__(self) -> None:
        """Record when it was created, and how far its expiry is from what was asked."""
        self._started = time.monotonic()
        asked = self.created + timedelta(minutes=MIN_LIFETIME)
        self.offset = self.granted - asked if self.granted else timedelta()

    def server_time(self) -> datetime:
        """Return the API's time, counted from its own timestamp of the creation."""
        return self.created + timedelta(seconds=time.monotonic() - self._started)

    def get(self) -> dict[str, Any]:
        """Return the whole response to a GET, with undocumented fields."""
        return self._raw("GET", None)

    def put(self, **body: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
        """Update the session with any fields; return the whole response."""
        return self._raw("PUT", body)

    def _raw(self, method: str, body: dict[str, Any] | None) -> dict[str, Any]:
        path = path_of(self.organization, self.id)
        try:
            return self.transport.request(f"{method} of it", method, path, parse=_fields, idempotent=False, body=body)
        except ApiError as error:
            if error.status // 100 != DONE // 100:
                raise
            return {}  # a success without a JSON object

    def extend(self, minutes: int) -> datetime | None:
        """Extend the session; return its new expiry, None if the response has none."""
        answer = self.client.extend(self.organization, self.id, additional_minutes=minutes)
        self.granted = timestamps.parse_or_none(answer.expires_at)
        return self.granted

    def is_listed(self) -> bool:
        """Return whether the list of its user's active sessions has it."""
        listed = self.client.list(self.organization, user_id=self.user, exhaustive=True)
        return any(found.id and found.id.lower() == self.id.lower() for found in listed)

    def delete(self) -> object:
        """Send a DELETE."""
        return self.client.delete(self.organization, self.id)


def _fields(answer: object) -> dict[str, Any]:
    return answer if isinstance(answer, dict) else {}


def status_of(call: Callable[[], object]) -> int:
    """Return the status of a call's response; 200 for every success.

    Raises:
        QuantSessionsError: no response came.

    """
    try:
        call()
    except ApiError as error:
        return error.status
    return DONE


def rejection(error: ApiError) -> int:
    """Return the status of a response that rejects the request.

    Raises:
        ApiError: the same error, if it is not a rejection.

    """
    if error.status not in _REJECTIONS:
        raise error
    return error.status


@contextmanager
def throwaway(settings: Settings) -> Iterator[ThrowawaySession]:
    """Create a session of 5 minutes, and delete it at the end, also after an error or Ctrl-C.

    Raises:
        QuantSessionsError: it could not be created.
        NotDeletedError: it could not be deleted.

    """
    transport = Transport(settings)
    client = Client(lambda: transport)
    # A throwaway conversation needs no transcript.
    operations = Operations(client, replace(settings, transcript_dir=None), lambda *_: None)
    inputs = _inputs(settings.require_organization())
    session_id, outputs = operations.create(inputs)
    try:
        created = timestamps.parse_or_none(outputs.get(Key.CREATED_AT)) or datetime.now(timezone.utc)
        granted = timestamps.parse_or_none(outputs.get(Key.GRANTED_EXPIRES_AT))
        owner, user = inputs[Key.ORGANIZATION], inputs[Key.USER_ID]
        yield ThrowawaySession(client, transport, owner, user, session_id, created, granted)
    finally:
        _remove(operations, session_id, inputs)


def _inputs(organization: str) -> dict[str, Any]:
    return {
        Key.ORGANIZATION: organization,
        Key.USER_ID: f"{GROUP}-{uuid4().hex[:8]}",
        Key.SESSION_GROUP: GROUP,
        Key.EXPIRATION_MINUTES: MIN_LIFETIME,
        Key.MESSAGES: FIRST_MESSAGES,
        Key.STATUS: "active",
    }


def _remove(operations: Operations, session_id: str, inputs: dict[str, Any]) -> None:
    try:
        operations.delete(session_id, inputs)
    except QuantSessionsError as error:
        raise NotDeletedError(
            f"session {session_id} (group {GROUP}) is left: delete it by its id, or let it expire; {error}"
        ) from error
