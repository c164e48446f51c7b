"""A stack that a fake Pulumi CLI exports: its state is written by hand, and its sessions lie in the emulator."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.urns import SESSION_TYPE
from tests.cli.conftest import ORGANIZATION, pulumi

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.emulator_server import Emulator

_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_OPTIONS: Final = ("delete", "external", "pendingReplacement", "provider", "type")


def secret(value: object) -> dict[str, str]:
    """Return a secret as it is exported with --show-secrets."""
    return {_SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "plaintext": json.dumps(value)}


def _closed(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return JSON with its secrets encrypted, as they are exported otherwise."""
    if isinstance(value, list):
        return [_closed(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if _SIGNATURE in value:
        return {_SIGNATURE: value[_SIGNATURE], "ciphertext": "v1:x"}
    return {key: _closed(inner) for key, inner in value.items()}


class WrittenStack:
    """A stack ``dev``, whose export changes as sessions are added."""

    def __init__(self, folder: Path, emulator: Emulator) -> None:
        self._folder, self._emulator = folder, emulator
        self._resources: list[dict[str, Any]] = []
        self._pending: list[dict[str, Any]] = []
        self.write()

    def write(self) -> None:
        """Write what the CLI exports, in both ways."""
        deployment = {"resources": self._resources, "pending_operations": self._pending}
        whole = {"version": 3, "deployment": deployment}
        (self._folder / "open.json").write_text(json.dumps(whole))
        (self._folder / "closed.json").write_text(json.dumps(_closed(whole)))
        cases = f"*export*--show-secrets*) cat {self._folder}/open.json;; *export*) cat {self._folder}/closed.json;;"
        pulumi(
            self._folder / "bin", f'echo "$*" >> {self._folder}/log\ncase "$*" in {cases} *config*) echo "{{}}";; esac'
        )

    def calls(self) -> list[str]:
        """Return the command lines of the CLI so far."""
        return (self._folder / "log").read_text().splitlines()

    def declare(
        self,
        name: str,
        left: float = 42,
        *,
        live: int | None = 0,
        host: str = "",
        **own: Any,  # noqa: ANN401 - any properties
    ) -> str:
        """Add a session with so many minutes left, and so many live messages; None for none at the API.

        ``host`` is where it was created, by default at the emulator. Return its id.
        """
        until = timestamps.render(datetime.now(timezone.utc) + timedelta(minutes=left))
        options = {key: own.pop(key) for key in _OPTIONS if key in own}
        inputs = {"userId": "ada", "onExpired": "recreate", "status": "active", "expirationMinutes": 60}
        inputs |= {"expiresAt": until, "organization": ORGANIZATION} | own
        session_id = f"{name}-id" if "delete" not in options else f"{name}-old"
        urn = f"urn:pulumi:dev::shop::{SESSION_TYPE}::{name}"
        outputs = {"grantedExpiresAt": until, **inputs, "baseUrl": host or self._emulator.url}
        resource = {"type": SESSION_TYPE, "urn": urn, "id": session_id, "inputs": inputs, "outputs": outputs}
        self._resources.append(resource | options)
        self.write()
        if live is not None:
            self.seed(session_id, live)
        return session_id

    def pending(self, kind: str, **resource: Any) -> None:  # noqa: ANN401 - any JSON
        """Add an operation that was killed, such as ``importing``."""
        urn = f"urn:pulumi:dev::shop::{SESSION_TYPE}::{kind}"
        self._pending.append({"type": kind, "resource": {"type": SESSION_TYPE, "urn": urn} | resource})
        self.write()

    def creating(self, **inputs: Any) -> None:  # noqa: ANN401 - any properties
        """Add a creation that was killed."""
        self.pending("creating", inputs=inputs)

    def seed(self, session_id: str, messages: int = 0, **stored: Any) -> None:  # noqa: ANN401 - any JSON
        """Store a session in the emulator, of an hour."""
        until = timestamps.render(datetime.now(timezone.utc) + timedelta(minutes=60))
        talk = [{"role": "user", "content": f"Hello {number}"} for number in range(messages)]
        self._emulator.seed(
            ORGANIZATION, session_id, **{"userId": "ada", "expiresAt": until, "messages": talk} | stored
        )
