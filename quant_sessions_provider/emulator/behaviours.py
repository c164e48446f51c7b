"""How the API behaves where its published description leaves it open, so that clients can be tried with each way.

Behaviours are kept in memory: a restart resets them.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import NAMESPACE_OID, uuid5

from pydantic import Field
from starlette.responses import Response

from quant_sessions_provider.emulator.errors import (
    BadRequestError,
    OperationFailedError,
    SessionGoneError,
    SessionNotFoundError,
    error_response,
)
from quant_sessions_provider.emulator.messages import MessageView, view_messages
from quant_sessions_provider.emulator.schemas import ApiBody, ControlBody, Integer
from quant_sessions_provider.emulator.sessions import MINUTE, SessionRow

_ANY_TOKEN = "any"  # noqa: S105 - the word for all tokens, not a token
_MINUTES_OF_A_DAY = 1440
_MINUTES_OF_A_WEEK = 7 * _MINUTES_OF_A_DAY
Interim = Literal["none", "continue", "processing", "earlyHints"]


class Behaviours(ControlBody):
    """All behaviours. A default is what the emulator does when nothing is chosen."""

    metadata: Literal["replace", "merge"] = "replace"
    """Whether a PUT replaces the stored metadata, or merges its keys into it."""

    extend_from: Literal["expiry", "now"] = "expiry"
    """What an extension counts from; from now, it may shorten the lifetime."""

    cap: Literal["none", "refuse", "cut"] = "none"
    """Whether an extension beyond 24 hours after creation is granted, refused (400), or cut to 24 hours."""

    reopen: bool = True
    """Whether a completed session can be set active; if not, 400."""

    expired: Literal["notFound", "gone", "lingering"] = "notFound"
    """What an expired session returns: 404, 410, or, lingering: GET and DELETE 200, PUT and extend 404, not listed."""

    delete_gone: Literal["error", "notFound", "ok"] = "error"
    """What DELETE returns if there is no such session: 500, 404 or 200."""

    unknown_fields: Literal["ignore", "reject"] = "ignore"
    """Whether undocumented fields of a request are ignored, or rejected (400)."""

    grant_offset_minutes: Annotated[float, Field(ge=-_MINUTES_OF_A_WEEK, le=_MINUTES_OF_A_WEEK)] = 0
    """Minutes added to every granted expiry, after ``cap``; never earlier than a minute from now, unless asked for."""

    messages: MessageView = "verbatim"
    """How GET returns messages.

    "normalized": trimmed, with LF for CRLF, in Unicode's form NFC. "withoutSystem": system messages are hidden.
    "window": only the last ``messageWindow``. "summary": those, after one message that summarizes all earlier ones.
    "newestFirst": in reverse order.
    """

    message_window: Annotated[Integer, Field(ge=1)] = 2
    """How many messages "window" and "summary" return at the end."""

    returned_id: Literal["requested", "upperCase", "other"] = "requested"
    """The id in what GET returns: the requested one, the same in upper case, or another one."""

    no_content: bool = False
    """Whether update and delete return 204 without a body."""

    max_page_size: Annotated[Integer, Field(ge=1, le=100)] = 100
    """The most sessions in a page of the list, whatever its ``limit``."""

    interim: Interim = "none"
    """Interim responses before every response of the API: 100 Continue, 102 Processing (twice), or 103 Early Hints."""

    token: Annotated[str, Field(min_length=1)] = _ANY_TOKEN
    """The only token that is accepted (401 for others), or "any"."""

    forbidden: bool = False
    """Whether every request is refused (403)."""

    def check_access(self, token: str) -> Response | None:
        """Return an error response if the token is not accepted or has no access, else None."""
        if self.token not in {_ANY_TOKEN, token}:
            return error_response(401, "Invalid bearer token", {"WWW-Authenticate": "Bearer"})
        return error_response(403, "Access denied") if self.forbidden else None

    def check_fields(self, body: ApiBody) -> None:
        """Raise BadRequestError if undocumented fields are rejected and the body has one."""
        unknown = next(body.unknown_fields(), None) if self.unknown_fields == "reject" else None
        if unknown is not None:
            raise BadRequestError(f"{unknown}: unknown field")

    def check_readable(self, session: SessionRow, now: int) -> None:
        """Raise an error if the session has expired and cannot be read any more."""
        if self.expired != "lingering":
            self.check_live(session, now)

    def check_live(self, session: SessionRow, now: int) -> None:
        """Raise an error if the session has expired."""
        if session.expires_at <= now:
            raise SessionGoneError if self.expired == "gone" else SessionNotFoundError

    def check_status(self, session: SessionRow, status: str) -> None:
        """Raise BadRequestError if ``status`` would reopen a session that stays completed."""
        if not self.reopen and (session.status, status) == ("completed", "active"):
            raise BadRequestError("status: a completed session cannot be set active")

    def check_delete_missing(self) -> None:
        """Raise the error of a DELETE without a session, if there is one; the description has only 200 and 500."""
        if self.delete_gone == "error":
            raise OperationFailedError("Failed to delete session")
        if self.delete_gone == "notFound":
            raise SessionNotFoundError

    def view_messages(self, session: SessionRow) -> list[Any]:
        """Return the session's messages as GET shows them."""
        return view_messages(session.messages, self.messages, self.message_window)

    def view_id(self, session: SessionRow) -> str:
        """Return the session's id as GET shows it."""
        if self.returned_id == "other":
            return str(uuid5(NAMESPACE_OID, session.id))
        return session.id.upper() if self.returned_id == "upperCase" else session.id

    def update_metadata(self, stored: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
        """Return the metadata after a PUT."""
        return {**stored, **sent} if self.metadata == "merge" else dict(sent)

    def extend(self, session: SessionRow, minutes: int, now: int) -> int:
        """Return the expiry after an extension, in milliseconds since 1970."""
        start = now if self.extend_from == "now" else session.expires_at
        return self.grant(self._cap(session, start + minutes * MINUTE), now)

    def grant(self, asked: int, now: int) -> int:
        """Return the expiry that is granted for the one that was asked for."""
        earliest = min(asked, now + MINUTE)
        return max(asked + round(self.grant_offset_minutes * MINUTE), earliest)

    def _cap(self, session: SessionRow, asked: int) -> int:
        latest = session.created_at + _MINUTES_OF_A_DAY * MINUTE
        if self.cap == "none" or asked <= latest:
            return asked
        if self.cap == "refuse":
            raise BadRequestError(f"additionalMinutes: a session may last {_MINUTES_OF_A_DAY} minutes in all")
        return min(asked, max(latest, session.expires_at))
