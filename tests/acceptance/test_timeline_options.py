"""The timeline forecasts what the engine does under Pulumi's options."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from pulumi import ResourceOptions

from quant_sessions_provider import Session
from quant_sessions_provider.timeline.simulate import forecast
from quant_sessions_provider.timeline.state import read_sessions
from tests.support.ageing import age

if TYPE_CHECKING:
    from tests.acceptance.conftest import NewStack
    from tests.support.emulator_server import Emulator

RENEWED: dict[str, Any] = {"expiration_minutes": 100, "renew_before_minutes": 59}
ROWS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "plain": ({}, {}),
    "renewed": (RENEWED, {}),
    "ignored": (RENEWED, {"ignore_changes": ["expiresAt"]}),
    "all-ignored": (RENEWED, {"ignore_changes": ["*"]}),
    "ignored-after-expiry": ({}, {"ignore_changes": ["*"]}),
    "replaced": (RENEWED, {"replace_on_changes": ["expiresAt"]}),
    "replaced-by-star": (RENEWED, {"replace_on_changes": ["*"]}),
    "retained": ({}, {"retain_on_delete": True}),
    "left": ({"on_expired": "ignore"}, {}),
    "completed": ({"status": "completed"}, {}),
}
DONE = {"same": None, "update": "renewed", "replace": "recreated"}


@pytest.fixture(scope="module")
def walk(new_stack: NewStack, emulator: Emulator) -> dict[str, tuple[str | None, str | None]]:
    """Return by name what was forecast for a run an hour later, and what that run did."""

    def program() -> None:
        for name, (declared, options) in ROWS.items():
            Session(name, user_id=name, opts=ResourceOptions(**options), **declared)

    stack = new_stack(program)
    assert not stack.up().failed
    age(stack, emulator, dict.fromkeys(ROWS, 61))
    sessions, notes = read_sessions({"deployment": stack.export()})
    assert not notes
    now = datetime.now(timezone.utc)
    forecasts = {s.name: forecast(s, [now], now, now + timedelta(minutes=1)).events for s in sessions}
    run = stack.up()
    assert not run.failed
    done = {name: next(DONE[op] for op in run.ops(name) if op in DONE) for name in ROWS}
    stack.destroy()
    return {name: (forecasts[name][0].kind if forecasts[name] else None, done[name]) for name in ROWS}


@pytest.mark.parametrize("name", ROWS)
def test_the_engine_does_what_was_forecast(walk: dict[str, tuple[str | None, str | None]], name: str) -> None:
    foreseen, done = walk[name]
    assert foreseen == done
