"""Runs do what was forecast: both are compared run by run, with the clocks moved.

The runs are made by the provider's own methods against the emulator, as the engine calls them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quant_sessions_provider.timeline.simulate import forecast
from quant_sessions_provider.timeline.state import read_sessions
from tests.support.emulator_server import Emulator
from tests.support.mini_engine import MiniEngine, PlanError, shift_timestamps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quant_sessions_provider.timeline.model import Event, ExportedSession

FRACTION = 0.3
"""Keeps each run away from whole minutes, where the milliseconds of a test would decide."""


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as server:
        yield server


@st.composite
def lives(draw: st.DrawFn) -> tuple[dict[str, Any], list[int]]:
    """Draw what is declared and the minutes between runs, most of them so that something is due."""
    lifetime = draw(st.sampled_from((5, 30, 60, 61, 240, 720, 1440)))
    ahead = draw(st.none() | st.sampled_from((1, lifetime // 2, lifetime - 1)))
    declared = {
        "userId": "u",
        "onExpired": draw(st.sampled_from(("recreate", "recreate", "ignore", "error"))),
        "status": draw(st.sampled_from(("active", "active", "active", "completed"))),
        "expirationMinutes": lifetime,
    }
    due = (1, lifetime // 3, lifetime // 2, lifetime - 1, lifetime, lifetime + 5)
    pauses = draw(st.lists(st.sampled_from(due), min_size=3, max_size=7))
    return declared if ahead is None else declared | {"renewBeforeMinutes": ahead}, pauses


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    life=lives(),
    by_hand=st.sampled_from((None, None, None, 6, 200)),
    grant=st.sampled_from((0, 0, 0, -40, -16, 60)),
)
def test_each_run_does_what_was_forecast(
    emulator: Emulator, life: tuple[dict[str, Any], list[int]], by_hand: int | None, grant: int
) -> None:
    declared, pauses = life
    if by_hand:
        declared = {key: declared[key] for key in ("userId", "onExpired", "status")}
        declared["expiresAt"] = (datetime.now(timezone.utc) + timedelta(minutes=by_hand)).isoformat()
    organization = uuid4().hex
    configuration = {"bearer": emulator.token, "organization": organization, "baseUrl": emulator.url}
    engine = MiniEngine(configuration)
    # Only the first grant is other than asked: paper knows it from state, and of no later one.
    emulator.behave(grantOffsetMinutes=grant)
    engine.up(declared)
    emulator.reset_behaviours()

    start = datetime.now(timezone.utc)
    runs = [start + timedelta(minutes=sum(pauses[: n + 1]) + FRACTION * (n + 1)) for n in range(len(pauses))]
    events = forecast(_tracked(engine), runs, start, runs[-1] + timedelta(minutes=1)).events
    assert _forecast(events, runs) == [_done(emulator, engine, declared, pause + FRACTION) for pause in pauses]


def _tracked(engine: MiniEngine) -> ExportedSession:
    assert engine.state
    urn = "urn:pulumi:main::shop::pulumi-python:dynamic/quant:Session::it"
    resource = {"type": urn.split("::")[2], "urn": urn, "inputs": engine.state.inputs, "outputs": engine.state.outputs}
    (session,), _ = read_sessions({"deployment": {"resources": [resource]}})
    return session


def _forecast(events: list[Event], runs: list[datetime]) -> list[tuple[str, int]]:
    by_run = {event.at: event for event in (replace(event, why="") for event in events)}
    return [(by_run[run].kind, by_run[run].minutes) if run in by_run else ("none", 0) for run in runs]


def _done(emulator: Emulator, engine: MiniEngine, declared: dict[str, Any], pause: float) -> tuple[str, int]:
    """Let time pass and run; return what the run did, by the requests that it sent."""
    for move in (engine.shift, emulator.shift):
        move(-60 * pause)
    shift_timestamps(declared, -60 * pause)
    emulator.clear()
    try:
        engine.up(declared)
    except PlanError:
        return "stopped", 0
    sent = [request for request in emulator.requests() if request["method"] in ("POST", "PUT")]
    if any(request["method"] == "POST" for request in sent):
        return "recreated", 0
    return ("renewed", sent[0]["body"]["additionalMinutes"]) if sent else ("none", 0)
