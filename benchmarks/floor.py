"""The floor: a dynamic resource that does nothing, with as much state as a session."""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

import pulumi
from pulumi.dynamic import CheckResult, CreateResult, ReadResult, Resource, ResourceProvider, UpdateResult

_CREATED: Final = {
    "grantedExpiresAt": "2026-01-01T00:00:00.000Z",
    "createdAt": "2026-01-01T00:00:00.000Z",
    "baseUrl": "http://127.0.0.1:40000",
    "expired": False,
}
_READ: Final = {"title": "A customer asks where a parcel is", "model": "emulator", "totalMessages": 2}
_UPDATED: Final = {"totalMessages": 3, "totalTokens": 100, "updatedAt": "2026-01-01T00:00:00.000Z"}


class FloorProvider(ResourceProvider):
    """Accepts everything. Its reference in state is as long and as stable as the real provider's."""

    serialize_as_secret_always = False

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Fill in the same defaults as the real provider, and an expiry that depends on the lifetime."""
        minutes = int(news["expirationMinutes"])
        planned = f"2026-01-01T{minutes // 60:02}:{minutes % 60:02}:00Z"
        return CheckResult({"organization": "bench", **news, "expiresAt": planned}, [])

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Return a new id and computed properties."""
        return CreateResult(str(uuid4()), props | _CREATED)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Return the properties in state, and a title."""
        return ReadResult(id_, props | _READ)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Return the new inputs with the computed properties."""
        computed = {key: value for key, value in _olds.items() if key in _CREATED | _READ | _UPDATED}
        return UpdateResult(computed | _news | _UPDATED)


class FloorSession(Resource, module="quant", name="Session"):
    """A resource with a session's inputs, by state key. Nothing is created."""

    def __init__(self, name: str, inputs: dict[str, Any]) -> None:
        opts = pulumi.ResourceOptions(additional_secret_outputs=["title"])
        outputs = dict.fromkeys((*_CREATED, *_READ, *_UPDATED, "organization", "expiresAt"))
        super().__init__(FloorProvider(), name, outputs | inputs, opts)
