"""Build previews as the CLI prints them, for cases that are hard to reach with the engine."""

from __future__ import annotations

import json
from typing import Any

from quant_sessions_provider.core.urns import SESSION_TYPE
from tests.support.fakes import NOW, at

PRIVATE = "what nobody else is to read"


def urn(name: str, kind: str = SESSION_TYPE) -> str:
    return f"urn:pulumi:main::shop::{kind}::{name}"


def state(name: str, left: float = 30, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Return the state of a session that expires in `left` minutes."""
    outputs = {"expiresAt": at(left), "grantedExpiresAt": at(left), "userId": PRIVATE, "title": "[secret]"}
    messages = [{"role": "user", "content": PRIVATE}]
    inputs = {"userId": PRIVATE, "expiresAt": at(left), "messages": messages, "metadata": {PRIVATE: PRIVATE}}
    whole = {
        "urn": urn(name),
        "id": f"id-of-{name}",
        "type": SESSION_TYPE,
        "inputs": inputs,
        "outputs": outputs | inputs,
    }
    whole["outputs"] |= more.pop("outputs", {})
    return whole | more


def step(op: str, name: str, *, kind: str = SESSION_TYPE, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Return a step, by default for a session that has 30 minutes left and is extended to 60."""
    sides = {"oldState": state(name)} if op != "create" else {}
    sides |= {"newState": state(name, 60)} if not op.startswith("delete") else {}
    return {"op": op, "urn": urn(name, kind), "detailedDiff": None, **sides, **more}


def note(text: str) -> dict[str, Any]:
    return {"message": f"{text}\n\n", "severity": "info#err"}


def said(name: str, text: str, severity: str = "info", kind: str = SESSION_TYPE) -> dict[str, Any]:
    text = f"warning: {text}" if severity == "warning" else text
    return {"urn": urn(name, kind), "message": f"{text}\n", "severity": severity}


def preview(*parts: dict[str, Any], same: int = 0) -> dict[str, Any]:
    steps = [part for part in parts if "op" in part]
    return {
        "steps": steps,
        "diagnostics": [part for part in parts if "op" not in part],
        "changeSummary": {"same": same},
        "duration": 1,
    }


def printed(*parts: dict[str, Any], same: int = 0) -> str:
    return json.dumps(preview(*parts, same=same))


__all__ = ["NOW", "PRIVATE", "at", "note", "preview", "printed", "said", "state", "step", "urn"]
