"""The six operations of the API over HTTP: :class:`Client` is the port's :class:`SessionsApi`."""

from __future__ import annotations

from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from quant_sessions_provider.client.answers import parse_answer, parse_answer_for, parse_created
from quant_sessions_provider.client.pages import Walk
from quant_sessions_provider.core.errors import RefusedError
from quant_sessions_provider.core.model import by_state_key
from quant_sessions_provider.operations.api import (
    CreatedSession,
    DeletedSession,
    ExtendedSession,
    SessionSummary,
    StoredSession,
    UpdatedSession,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from quant_sessions_provider.client.transport import Transport
    from quant_sessions_provider.core.settings import Settings


_WALKS: Final = 3
"""How often a list is read at most, if it changes meanwhile."""


class Client:
    """The client of one host with one token; safe to share between threads.

    All methods raise the errors of :mod:`quant_sessions_provider.core.errors`. ``organization`` and ``session_id`` are
    opaque and escaped in paths. ``connect`` is called once, before the first request: most previews send none, and the
    HTTP library takes 0.1 seconds to import.
    """

    def __init__(self, connect: Callable[[], Transport]) -> None:
        self._connect, self._lock = connect, Lock()
        self._connected: Transport | None = None

    @property
    def _transport(self) -> Transport:
        with self._lock:
            if self._connected is None:
                self._connected = self._connect()
            return self._connected

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
        """Create a session of 5 to 1440 minutes (the API's default is 60). Not retried after a lost response."""
        body = by_state_key(
            {
                "user_id": user_id,
                "session_group": session_group,
                "metadata": metadata,
                "expiration_minutes": expiration_minutes,
                "initial_messages": initial_messages,
            }
        )
        return self._transport.request(
            "creating the session",
            "POST",
            path_of(organization),
            parse=parse_created,
            idempotent=False,
            body=body,
        )

    def get(self, organization: str, session_id: str) -> StoredSession:
        """Return a session with its messages; the API does not return its expiry."""
        return self._transport.request(
            f"reading session {session_id}",
            "GET",
            path_of(organization, session_id),
            parse=partial(parse_answer_for, session_id, StoredSession),
            idempotent=True,
        )

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
        """Append user and assistant messages, count tokens, set status or metadata, in one request.

        With messages or tokens it is not idempotent; without them it is retried after a lost response.
        """
        body = by_state_key(
            {"new_messages": new_messages, "tokens_used": tokens_used, "status": status, "metadata": metadata}
        )
        return self._transport.request(
            f"updating session {session_id}",
            "PUT",
            path_of(organization, session_id),
            parse=partial(parse_answer_for, session_id, UpdatedSession),
            no_content={"sessionId": session_id},
            idempotent=new_messages is None and tokens_used is None,
            body=body,
        )

    def extend(self, organization: str, session_id: str, *, additional_minutes: int | None = None) -> ExtendedSession:
        """Extend a session by 1 to 1440 minutes (the API's default is 60). Not retried after a lost response."""
        return self._transport.request(
            f"extending session {session_id}",
            "PUT",
            path_of(organization, session_id, "extend"),
            parse=partial(parse_answer_for, session_id, ExtendedSession),
            idempotent=False,
            body=by_state_key({"additional_minutes": additional_minutes}),
        )

    def delete(self, organization: str, session_id: str) -> DeletedSession:
        """Delete a session. The API documents no status of its own for one that is gone."""
        return self._transport.request(
            f"deleting session {session_id}",
            "DELETE",
            path_of(organization, session_id),
            parse=partial(parse_answer_for, session_id, DeletedSession),
            no_content={"message": ""},
            idempotent=False,
        )

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
        """List active sessions, at most ``limit`` of them (all if None) after the first ``offset``, page by page.

        A server may cap pages, so a short page does not end the list: an empty one does, or one with nothing new.
        Pages overlap by one entry. Where the overlap moved, sessions came or went meanwhile, and the list is read
        again, three times at most; then ``exhaustive`` raises a RefusedError, since some may be missing.
        """
        filters = by_state_key({"user_id": user_id, "session_group": session_group, "model": model})
        seen: set[str | None] = set()
        for _ in range(_WALKS):
            walk = Walk(seen, limit, offset)
            while walk.goes_on:
                yield from walk.take(self._page(organization, filters | walk.window()))
            if not walk.moved:
                break
        if exhaustive and (walk.moved or not walk.sure):
            raise RefusedError("listing sessions: the list changed while it was read, so that some may be missing")

    def _page(self, organization: str, query: dict[str, str]) -> Sequence[SessionSummary]:
        return self._transport.request(
            "listing sessions", "GET", path_of(organization), parse=_summaries, idempotent=True, query=query
        )


def client_of(settings: Settings) -> Client:
    """Return a client that uses the given settings."""

    def connect() -> Transport:
        from quant_sessions_provider.client.transport import Transport  # noqa: PLC0415 - slow, and seldom needed

        return Transport(settings)

    return Client(connect)


def _summaries(body: object) -> list[SessionSummary]:
    if not isinstance(body, list):
        raise ValueError("not a list")  # noqa: TRY004 - one kind of error for an invalid body
    return [parse_answer(SessionSummary, entry) for entry in body]


def path_of(organization: str, *parts: str) -> str:
    """Return the escaped path of an organization's sessions, or of one session below.

    Raises:
        RefusedError: a part cannot be a path segment.

    """
    segments = [_segment(part) for part in (organization, "ai", "sessions", *parts)]
    return "/api/v3/organizations/" + "/".join(segments)


def _segment(text: object) -> str:
    # HTTP libraries resolve dots even if they are escaped, which would leave the path. Any value of a state gets here.
    if not isinstance(text, str) or not text.strip("."):
        raise RefusedError("an organization or session id is empty or consists only of dots")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise RefusedError("an organization or session id is not valid Unicode") from None
