"""The floor of the dynamic provider: one that does nothing, with as much state as a session."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pulumi
from pulumi.dynamic import CheckResult, CreateResult, ReadResult, Resource, ResourceProvider, UpdateResult

from benchmarks.workload import CREATED, NO_OUTPUTS, READ, UPDATED, inputs_of, planned_expiry


class FloorProvider(ResourceProvider):
    """Accepts everything. Its reference in state is as long and as stable as the real provider's."""

    serialize_as_secret_always = False

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Fill in the same defaults as the real provider, and an expiry that depends on the lifetime."""
        planned = planned_expiry(int(news["expirationMinutes"]))
        return CheckResult({"organization": "bench", **news, "expiresAt": planned}, [])

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Return a new id and computed properties."""
        return CreateResult(str(uuid4()), props | CREATED)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Return the properties in state, and a title."""
        return ReadResult(id_, props | READ)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Return the new inputs with the computed properties."""
        computed = {key: value for key, value in _olds.items() if key in CREATED | READ | UPDATED}
        return UpdateResult(computed | _news | UPDATED)


class FloorSession(Resource, module="quant", name="Session"):
    """A resource with a session's inputs, by state key. Nothing is created."""

    def __init__(self, name: str, minutes: int, messages: list[Any]) -> None:
        opts = pulumi.ResourceOptions(additional_secret_outputs=["title"])
        super().__init__(FloorProvider(), name, NO_OUTPUTS | inputs_of(name, minutes, messages), opts)
