"""Exports of stacks, as ``pulumi stack export`` prints them, that no run wrote."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.urns import SESSION_TYPE

START: Final = timestamps.parse("2026-03-02T00:00:00Z")
END: Final = START + timedelta(days=7)
SESSIONS: Final[dict[str, dict[str, Any]]] = {
    "desk": {"expirationMinutes": 1440, "renewBeforeMinutes": 780},
    "orders": {"expirationMinutes": 1440},
    "returns": {"expirationMinutes": 600, "renewBeforeMinutes": 599},
    "nights": {"expirationMinutes": 60},
    "audit": {"expirationMinutes": 1440, "onExpired": "error"},
    "archive": {"expirationMinutes": 240, "onExpired": "ignore"},
    "launch": {"expiresAt": "2026-03-02T20:00:00Z"},
}


def state(sessions: dict[str, dict[str, Any]] = SESSIONS) -> dict[str, Any]:
    """Return the export of a stack whose sessions were all created at the start."""
    return {"version": 3, "deployment": {"resources": [_resource(name, dict(own)) for name, own in sessions.items()]}}


_OPTIONS: Final = (
    "protect",
    "ignoreChanges",
    "replaceOnChanges",
    "replaceWith",
    "deletedWith",
    "pendingReplacement",
    "external",
    "delete",
)


def _resource(name: str, own: dict[str, Any]) -> dict[str, Any]:
    options = {key: own.pop(key) for key in _OPTIONS if key in own}
    until = timestamps.render(START + timedelta(minutes=own.get("expirationMinutes", 0)))
    facts = {key: own.pop(key) for key in ("grantedExpiresAt", "expired") if key in own}
    inputs = {"userId": name, "onExpired": "recreate", "status": "active", "expiresAt": until} | own
    urn = f"urn:pulumi:main::shop::{SESSION_TYPE}::{name}"
    outputs = inputs | {"grantedExpiresAt": inputs["expiresAt"]} | facts
    return {"type": SESSION_TYPE, "urn": urn, "id": name, "inputs": inputs, "outputs": outputs} | options
