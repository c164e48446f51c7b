"""The sessions that a group declares, under Pulumi's own mocks."""

from __future__ import annotations

from typing import Any

import pulumi

from quant_sessions_provider import SessionGroup
from tests.support.mocked import run_mocked


def declared_sessions(**arguments: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401 - any argument of a group
    """Return the inputs of each session of a group named workshop, by its name."""
    declared = run_mocked(lambda: ended(SessionGroup("workshop", **arguments).session_ids)).declared
    del declared["workshop"]
    return {
        name: {key: value for key, value in inputs.items() if key != "__provider"} for name, inputs in declared.items()
    }


def ended(*outputs: pulumi.Output[Any]) -> pulumi.Output[list[Any]]:
    return pulumi.Output.all(*outputs)
