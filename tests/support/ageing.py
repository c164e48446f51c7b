"""Advance time for sessions: shift the timestamps in state and in the emulator into the past."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from quant_sessions_provider.core.ageing import aged
from quant_sessions_provider.core.urns import SESSION_TYPES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tests.support.emulator_server import Emulator


class Aged(Protocol):
    """A stack whose state can be rewritten."""

    def export(self) -> dict[str, Any]: ...

    def rewrite(self, deployment: dict[str, Any]) -> None: ...


def age(stack: Aged, emulator: Emulator, minutes: Mapping[str, float], *, kept_alive: Collection[str] = ()) -> None:
    """Advance time by minutes for each named session, in state and in the emulator.

    For sessions in ``kept_alive`` only state changes, as if something else had extended them.
    """
    deployment = stack.export()
    for resource in deployment["resources"]:
        name = resource["urn"].rsplit("::", 1)[-1]
        if resource["type"] not in SESSION_TYPES or name not in minutes:
            continue
        by = timedelta(minutes=minutes[name])
        resource.update({side: aged(resource[side], by) for side in ("inputs", "outputs")})
        if name not in kept_alive:
            emulator.shift(-60 * minutes[name], resource["id"])
    stack.rewrite(deployment)
