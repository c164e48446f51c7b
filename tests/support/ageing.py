"""Moves time for sessions: what state and emulator hold was written that much earlier. The product has no clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from tests.support.mini_engine import shift_moments

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tests.support.emulator_server import Emulator


class Aged(Protocol):
    """What has a state that can be rewritten: a stack of either kind."""

    def export(self) -> dict[str, Any]: ...

    def rewrite(self, deployment: dict[str, Any]) -> None: ...


def age(stack: Aged, emulator: Emulator, minutes: Mapping[str, float], *, kept_alive: Collection[str] = ()) -> None:
    """Let minutes pass for each named session, in state and at the API.

    For those kept alive, state alone ages: something else extended them meanwhile.
    """
    deployment = stack.export()
    for resource in deployment["resources"]:
        name = resource["urn"].rsplit("::", 1)[-1]
        if "quant:Session" not in resource["type"] or name not in minutes:
            continue
        for properties in (resource["inputs"], resource["outputs"]):
            shift_moments(properties, -60 * minutes[name])
        if name not in kept_alive:
            emulator.shift(-60 * minutes[name], resource["id"])
    stack.rewrite(deployment)
