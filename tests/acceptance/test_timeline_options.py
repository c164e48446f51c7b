"""The timeline forecasts what the engine does under Pulumi's options."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from pulumi import ResourceOptions

from quant_sessions_provider import Session
from quant_sessions_provider.timeline.next_event import next_events
from quant_sessions_provider.timeline.simulate import forecasts
from quant_sessions_provider.timeline.state import read_sessions
from tests.support.ageing import age

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.acceptance.conftest import NewStack
    from tests.support.emulator_server import Emulator

pytestmark = pytest.mark.long

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
    "ignored-minutes": (RENEWED, {"ignore_changes": ["expirationMinutes"]}),
    "ignored-and-replaced": (RENEWED, {"ignore_changes": ["expiresAt"], "replace_on_changes": ["expiresAt"]}),
    "all-of-both": (RENEWED, {"ignore_changes": ["*"], "replace_on_changes": ["*"]}),
    "replaced-by-minutes": (RENEWED, {"replace_on_changes": ["expirationMinutes"]}),
    "left-and-replaced": (RENEWED | {"on_expired": "ignore"}, {"replace_on_changes": ["metadata.x", "expiresAt"]}),
    "completed-and-replaced": (RENEWED | {"status": "completed"}, {"replace_on_changes": ["*"]}),
    "protected": (RENEWED, {"protect": True}),
    "deleted-first": ({}, {"delete_before_replace": True}),
    "triggered": (RENEWED, {"replacement_trigger": "one"}),
}
RELATED: dict[str, tuple[dict[str, Any], Callable[[Session], ResourceOptions]]] = {
    "with": (RENEWED, lambda plain: ResourceOptions(replace_with=[plain])),
    "with-left": ({"on_expired": "ignore"}, lambda plain: ResourceOptions(replace_with=[plain])),
    "with-ignored": (RENEWED, lambda plain: ResourceOptions(replace_with=[plain], ignore_changes=["*"])),
    "deleted-with": (RENEWED, lambda plain: ResourceOptions(deleted_with=plain)),
    "depending": (RENEWED, lambda plain: ResourceOptions(depends_on=[plain])),
    "inner": (RENEWED, lambda plain: ResourceOptions(parent=plain)),
}
"""What depends on ``plain``, which is recreated."""
NAMES = [*ROWS, *RELATED]
DONE = {"same": None, "update": "renewed", "replace": "recreated"}


@pytest.fixture(scope="module")
def walk(new_stack: NewStack, emulator: Emulator) -> dict[str, tuple[str | None, str | None]]:
    """Return by name what was forecast for a run an hour later, and what that run did."""

    def program() -> None:
        made = {
            name: Session(name, user_id=name, opts=ResourceOptions(**options), **declared)
            for name, (declared, options) in ROWS.items()
        }
        for name, (declared, related) in RELATED.items():
            Session(name, user_id=name, opts=related(made["plain"]), **declared)

    stack = new_stack(program)
    assert not stack.up().failed
    age(stack, emulator, dict.fromkeys(NAMES, 61))
    sessions, notes = read_sessions({"deployment": stack.export()})
    assert not notes
    now = datetime.now(timezone.utc)
    foreseen = {each.session.name: each.events for each in forecasts(sessions, [now], now, now + timedelta(minutes=1))}
    next_ones = {urn.rpartition("::")[2]: event for urn, event in next_events(sessions, now).items() if event.at <= now}
    assert next_ones == {name: events[0] for name, events in foreseen.items() if events}
    run = stack.up()
    assert not run.failed
    done = {name: next(DONE[op] for op in run.ops(name) if op in DONE) for name in NAMES}
    return {name: (foreseen[name][0].kind if foreseen[name] else None, done[name]) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_the_engine_does_what_was_forecast(walk: dict[str, tuple[str | None, str | None]], name: str) -> None:
    predicted, done = walk[name]
    assert predicted == done
