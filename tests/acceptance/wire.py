"""The requests for one session."""

from __future__ import annotations

from typing import Any, Final

from tests.acceptance.conftest import ORGANIZATION

PATH: Final = f"/api/v3/organizations/{ORGANIZATION}/ai/sessions"
Sent = list[tuple[str, str, Any]]
"""Method, path below the sessions with ``ID`` for the session's own, and body."""


def requests_of(requests: list[dict[str, Any]], session_id: str, user: str) -> Sent:
    """Return the requests with the session's id, and those that create or list sessions of its user."""

    def mine(request: dict[str, Any]) -> bool:
        asked = (request["body"] or {}).get("userId") or request["query"].get("userId")
        return session_id in request["path"] or asked == user

    return [
        (request["method"], request["path"].removeprefix(PATH).replace(session_id, "ID"), request["body"])
        for request in requests
        if mine(request)
    ]
