"""A client that records what is asked of it, for a host that answers as it is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from unittest.mock import call, create_autospec

from quant_sessions_provider.client.sessions import Client
from quant_sessions_provider.core import settings as config
from quant_sessions_provider.core.errors import ApiError, NotFoundError
from quant_sessions_provider.operations.api import (
    CreatedSession,
    DeletedSession,
    ExtendedSession,
    SessionSummary,
    StoredSession,
    UpdatedSession,
)
from quant_sessions_provider.operations.crud import Operations

if TYPE_CHECKING:
    from unittest.mock import NonCallableMagicMock

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=timezone.utc)
HERE, ORG, ID = "https://here.example", "acme", "3f2a"
CONFIG = {"quant:bearer": "t", "quant:organization": ORG, "quant:baseUrl": HERE}
A, B, C = ({"role": "user", "content": text} for text in "ABC")
GET, DELETE = call.get(ORG, ID), call.delete(ORG, ID)
LIST = call.list(ORG, user_id="ada", session_group=None)
SERVER_ERROR, NOT_FOUND = ApiError("server error", status=500), NotFoundError("not found", status=404)


def at(minutes: float) -> str:
    return (NOW + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def applied(left: float, **more: object) -> dict[str, Any]:
    """Give the outputs of a session that has `left` minutes to live."""
    inputs = {"userId": "ada", "organization": ORG, "expirationMinutes": 60, "expiresAt": at(left), "messages": [A]}
    return inputs | {"onExpired": "recreate", "status": "active", "baseUrl": HERE} | more


def inputs_of(outputs: dict[str, Any], **moved: object) -> dict[str, Any]:
    computed = ("baseUrl", "grantedExpiresAt", "expired", "title")
    return {key: value for key, value in outputs.items() if key not in computed} | moved


@dataclass(frozen=True)
class Desk:
    """The operations at noon, and the client that they use."""

    client: NonCallableMagicMock
    operations: Operations
    said: list[str]

    @property
    def calls(self) -> list[Any]:
        return list(self.client.mock_calls)


def desk(state: str = "alive", configuration: dict[str, str] = CONFIG) -> Desk:
    """Set up a host whose one session is alive, gone, or lingering: past its expiry, still found, no longer listed."""
    client: NonCallableMagicMock = create_autospec(Client, instance=True)
    listed = SessionSummary("other" if state == "lingering" else ID, None, None, None, None)
    client.create.return_value = CreatedSession(ID, "active", at(60), at(0))
    client.get.return_value = StoredSession(ID, "Title", "model", [A], at(-51))
    client.get.side_effect = NOT_FOUND if state == "gone" else None
    client.list.side_effect = lambda *_args, **_filters: iter([listed])
    client.update.return_value = UpdatedSession(ID, "active", 3, 40, at(0))
    client.extend.return_value = ExtendedSession(ID, at(60), "extended")
    client.delete.return_value = DeletedSession("deleted")
    said: list[str] = []
    return Desk(client, Operations(client, config.load(configuration.get, {}), said.append, lambda: NOW), said)
