"""Draws the timeline of ``docs/timeline.md`` from a state that no run wrote: ``make report``."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.timeline import schedule
from quant_sessions_provider.timeline.simulate import forecast
from quant_sessions_provider.timeline.state import read_sessions
from quant_sessions_provider.timeline.svg import svg
from quant_sessions_provider.timeline.view import Chart

START: Final = timestamps.parse("2026-03-02T00:00:00Z")
END: Final = START + timedelta(days=7)
PICTURE: Final = Path(__file__).parents[2] / "docs" / "timeline.svg"

SESSIONS: Final[dict[str, dict[str, Any]]] = {
    "desk": {"expirationMinutes": 1440, "renewBeforeMinutes": 780},
    "orders": {"expirationMinutes": 1440},
    "returns": {"expirationMinutes": 600, "renewBeforeMinutes": 599},
    "nights": {"expirationMinutes": 60},
    "audit": {"expirationMinutes": 1440, "onExpired": "error"},
    "archive": {"expirationMinutes": 240, "onExpired": "ignore"},
    "launch": {"expiresAt": "2026-03-02T20:00:00Z"},
}


def state(sessions: dict[str, dict[str, Any]] = SESSIONS) -> dict[str, Any]:
    """Return the export of a stack whose sessions were all created at the start."""
    return {"version": 3, "deployment": {"resources": [_resource(name, dict(own)) for name, own in sessions.items()]}}


_OPTIONS: Final = ("protect", "ignoreChanges", "replaceOnChanges", "pendingReplacement", "external", "delete")


def _resource(name: str, own: dict[str, Any]) -> dict[str, Any]:
    options = {key: own.pop(key) for key in _OPTIONS if key in own}
    until = timestamps.render(START + timedelta(minutes=own.get("expirationMinutes", 0)))
    facts = {key: own.pop(key) for key in ("grantedExpiresAt", "expired") if key in own}
    inputs = {"userId": name, "onExpired": "recreate", "status": "active", "expiresAt": until} | own
    urn = f"urn:pulumi:main::shop::pulumi-python:dynamic/quant:Session::{name}"
    outputs = inputs | {"grantedExpiresAt": inputs["expiresAt"]} | facts
    return {"type": urn.split("::")[2], "urn": urn, "id": name, "inputs": inputs, "outputs": outputs} | options


def drawn() -> str:
    """Return a week of runs every twelve hours as SVG."""
    runs = schedule.every("12h", START, END)
    forecasts = [forecast(session, runs, START, END) for session in read_sessions(state())[0]]
    return svg(forecasts, Chart(START, END, runs, "every 12h"))


if __name__ == "__main__":
    PICTURE.write_text(drawn())
    print(json.dumps(state()))
