"""What the published description leaves unstated: each way the API may behave, to try a client with all of them.

They live as long as the process: a restart is back at the defaults.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.responses import Response

from quant_sessions_provider.emulator.errors import (
    InvalidRequestError,
    OperationFailedError,
    SessionGoneError,
    SessionNotFoundError,
    problem,
)
from quant_sessions_provider.emulator.schemas import ApiBody, Switch
from quant_sessions_provider.emulator.sessions import MINUTE, Session

ANY_TOKEN = "any"  # noqa: S105 - no token, but the word for all of them
_LONGEST = 1440
_WEEK = 7 * _LONGEST


class Behaviours(Switch):
    """The switches. Each default is what the emulator does when nobody chooses.

    ``metadata``: a PUT replaces it or merges its keys into it. ``extendFrom``: an extend counts from the expiry, or
    from now, which may shorten. ``cap``: an extend beyond 24 hours after creation is granted, refused (400) or cut.
    ``reopen``: a completed session may be set active; otherwise 400. ``expired``: an expired session answers 404 or
    410, or lingers: GET 200, DELETE 200, PUT and extend 404, not listed. ``deleteGone``: deleting what is gone answers
    500, 404 or 200. ``unknownFields``: ignored, or refused (400). ``grantOffsetMinutes``: added to every grant that is
    left by ``cap``; one that was not asked to be shorter is never less than a minute away. ``token``: "any", or the
    one that is not refused (401). ``forbidden``: everything is refused (403).
    """

    metadata: Literal["replace", "merge"] = "replace"
    extend_from: Literal["expiry", "now"] = "expiry"
    cap: Literal["none", "refuse", "cut"] = "none"
    reopen: bool = True
    expired: Literal["notFound", "gone", "lingering"] = "notFound"
    delete_gone: Literal["error", "notFound", "ok"] = "error"
    unknown_fields: Literal["ignore", "reject"] = "ignore"
    grant_offset_minutes: Annotated[float, Field(ge=-_WEEK, le=_WEEK)] = 0
    token: Annotated[str, Field(min_length=1)] = ANY_TOKEN
    forbidden: bool = False

    def refusal(self, token: str) -> Response | None:
        """Refuse whom the API does not let in."""
        if self.token not in {ANY_TOKEN, token}:
            return problem(401, "Invalid bearer token", {"WWW-Authenticate": "Bearer"})
        return problem(403, "Access denied") if self.forbidden else None

    def check_fields(self, body: ApiBody) -> None:
        """Refuse a body for what the description does not know in it."""
        unknown = next(body.unknown(), None) if self.unknown_fields == "reject" else None
        if unknown is not None:
            raise InvalidRequestError(f"{unknown}: unknown field")

    def check_readable(self, session: Session, now: int) -> None:
        """Refuse to show an expired session."""
        if self.expired != "lingering":
            self.check_live(session, now)

    def check_live(self, session: Session, now: int) -> None:
        """Refuse to change an expired session."""
        if session.expires_at <= now:
            raise SessionGoneError if self.expired == "gone" else SessionNotFoundError

    def check_status(self, session: Session, status: str) -> None:
        """Refuse to reopen a completed session."""
        if not self.reopen and (session.status, status) == ("completed", "active"):
            raise InvalidRequestError("status: a completed session cannot be set active")

    def check_deletion_of_nothing(self) -> None:
        """Answer the DELETE of a session that is gone; the description has 200 and 500 only."""
        if self.delete_gone == "error":
            raise OperationFailedError("Failed to delete session")
        if self.delete_gone == "notFound":
            raise SessionNotFoundError

    def next_metadata(self, stored: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
        """Combine what is stored with what was sent."""
        return {**stored, **sent} if self.metadata == "merge" else dict(sent)

    def extended(self, session: Session, minutes: int, now: int) -> int:
        """Grant an extend: milliseconds since 1970."""
        start = now if self.extend_from == "now" else session.expires_at
        return self.grant(self._capped(session, start + minutes * MINUTE), now)

    def grant(self, asked: int, now: int) -> int:
        """Grant an expiry, shorter or longer than it was asked for."""
        least = min(asked, now + MINUTE)
        return max(asked + round(self.grant_offset_minutes * MINUTE), least)

    def _capped(self, session: Session, asked: int) -> int:
        latest = session.created_at + _LONGEST * MINUTE
        if self.cap == "none" or asked <= latest:
            return asked
        if self.cap == "refuse":
            raise InvalidRequestError(f"additionalMinutes: a session may last {_LONGEST} minutes in all")
        return min(asked, max(latest, session.expires_at))
