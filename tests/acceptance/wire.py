"""What the emulator saw of one session."""

from __future__ import annotations

from typing import Any, Final

from tests.acceptance.conftest import ORGANIZATION

PATH: Final = f"/api/v3/organizations/{ORGANIZATION}/ai/sessions"
Sent = list[tuple[str, str, Any]]
"""Method, path below the sessions with ``ID`` for the session's own, and body."""


def requests_of(requests: list[dict[str, Any]], session_id: str, user: str) -> Sent:
    """Pick the requests for a session, and those that create one for its user or look among that user's."""

    def mine(request: dict[str, Any]) -> bool:
        asked = (request["body"] or {}).get("userId") or request["query"].get("userId")
        return session_id in request["path"] or asked == user

    return [
        (request["method"], request["path"].removeprefix(PATH).replace(session_id, "ID"), request["body"])
        for request in requests
        if mine(request)
    ]
