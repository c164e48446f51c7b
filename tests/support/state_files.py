"""Recorded state of releases, and loading it with current timestamps.

``python -m tests.support.state_files FILE`` records the state of this version, as ``make state`` does at each release.
"""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quant_sessions_provider import Session
from quant_sessions_provider.core import timestamps
from tests.support.emulator_server import Emulator
from tests.support.engine import Stack

if TYPE_CHECKING:
    from quant_sessions_provider.sdk.declared import DeclaredSession

FOLDER = Path(__file__).parents[1] / "state"
ORGANIZATION = "acme"
_TIMESTAMPS = ("expiresAt", "grantedExpiresAt", "createdAt", "updatedAt")


def program() -> None:
    """Declare the session that each release records."""
    declare(Session)


def declare(kind: type[DeclaredSession]) -> None:
    """Declare it by a class."""
    kind(
        "desk",
        user_id="support-desk",
        session_group="production",
        expiration_minutes=120,
        renew_before_minutes=15,
        messages=[{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"}],
        metadata={"user_id": 7, "nested": {"list": [1, 2.5, True]}},
    )


def fresh(file: Path, base_url: str) -> dict[str, Any]:
    """Return a recorded deployment with its timestamps shifted to now and its base URL replaced."""
    deployment: dict[str, Any] = json.loads(file.read_text())
    for resource in _sessions(deployment):
        age = datetime.now(timezone.utc) - timestamps.parse(resource["outputs"]["createdAt"])
        for properties in (resource["inputs"], resource["outputs"]):
            for key in properties.keys() & set(_TIMESTAMPS):
                properties[key] = _later(properties[key], age)
        resource["outputs"]["baseUrl"] = base_url
    return deployment


def seed(emulator: Emulator, deployment: dict[str, Any]) -> None:
    """Store the sessions of a deployment in the emulator."""
    for resource in _sessions(deployment):
        outputs = resource["outputs"]
        stored = {key: outputs[key] for key in ("userId", "sessionGroup", "metadata", "messages", "createdAt")}
        emulator.seed(outputs["organization"], resource["id"], expiresAt=outputs["grantedExpiresAt"], **stored)


def _sessions(deployment: dict[str, Any]) -> list[dict[str, Any]]:
    return [resource for resource in deployment["resources"] if "pulumi-python:dynamic" in resource["type"]]


def _later(timestamp: str, age: timedelta) -> str:
    return timestamps.render(timestamps.parse(timestamp) + age)


def record(file: Path) -> None:
    """Write the state of this version after `up` and `refresh`, without paths of this machine."""
    with Emulator() as emulator, tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder, "stack"), emulator.variables(ORGANIZATION), program)
        runs = stack.up(), stack.refresh()
        assert not any(run.failed for run in runs), runs
        deployment = stack.export()
    for resource in deployment["resources"]:
        resource.pop("sourcePosition", None)
        resource.pop("stackTrace", None)
    file.write_text(json.dumps(deployment, indent=2) + "\n")


if __name__ == "__main__":
    record(Path(sys.argv[1]))
