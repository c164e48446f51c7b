"""Operations with a mocked API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from unittest.mock import call, create_autospec

from quant_sessions_provider.core import settings as config
from quant_sessions_provider.core.changes import Change
from quant_sessions_provider.core.errors import ApiError, NotFoundError
from quant_sessions_provider.core.model import COMPUTED
from quant_sessions_provider.core.state import StoredState
from quant_sessions_provider.operations.api import (
    CreatedSession,
    DeletedSession,
    ExtendedSession,
    SessionsApi,
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
LIST = call.list(ORG, user_id="ada", session_group=None, exhaustive=True)
SERVER_ERROR, NOT_FOUND = ApiError("server error", status=500), NotFoundError("not found", status=404)


def at(minutes: float, *, seconds: float = 0) -> str:
    return (NOW + timedelta(minutes=minutes, seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def applied(left: float, **more: object) -> dict[str, Any]:
    """Return the outputs of a session that expires in `left` minutes."""
    inputs = {"userId": "ada", "organization": ORG, "expirationMinutes": 60, "expiresAt": at(left), "messages": [A]}
    return inputs | {"onExpired": "recreate", "status": "active", "baseUrl": HERE} | more


def change(outputs: dict[str, Any], new: dict[str, Any]) -> Change:
    return Change(StoredState(ID, outputs), new)


def inputs_of(outputs: dict[str, Any], **moved: object) -> dict[str, Any]:
    return {key: value for key, value in outputs.items() if key not in COMPUTED} | moved


@dataclass(frozen=True)
class Desk:
    """The operations at a fixed time, their mocked API and what they said."""

    api: NonCallableMagicMock
    operations: Operations
    said: list[str]

    @property
    def calls(self) -> list[Any]:
        return list(self.api.mock_calls)


def desk(state: str = "alive", configuration: dict[str, str] = CONFIG) -> Desk:
    """Return operations whose only session is alive, gone, or lingering: expired, readable, but not listed."""
    api: NonCallableMagicMock = create_autospec(SessionsApi, instance=True)
    listed = SessionSummary(ID if state == "alive" else "other", None, None, None, None)
    api.create.return_value = CreatedSession(ID, at(60), at(0))
    api.get.return_value = StoredSession(ID, "Title", "model", [A], at(-51))
    api.get.side_effect = NOT_FOUND if state == "gone" else None
    api.list.side_effect = lambda *_args, **_filters: iter([listed])
    api.update.return_value = UpdatedSession(ID, "active", 3, 40, at(0))
    api.extend.return_value = ExtendedSession(at(60))
    api.delete.return_value = DeletedSession("deleted")
    said: list[str] = []

    def warn(session_id: str, sentence: str) -> None:
        assert session_id == ID
        said.append(sentence)

    return Desk(api, Operations(api, config.load(configuration.get, {}), warn, lambda: NOW), said)
