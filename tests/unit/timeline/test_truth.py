"""Runs do what was forecast: both are compared run by run.

The runs are made by the provider's own methods against the emulator, as the engine calls them, on one clock that only
the test moves.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quant_sessions_provider.emulator.behaviours import Behaviours
from quant_sessions_provider.timeline.simulate import forecasts
from quant_sessions_provider.timeline.state import read_sessions
from tests.chaos.wire import connected_to, host_in
from tests.chaos.world import TOKEN, World
from tests.support.mini_engine import MiniEngine, PlanError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from quant_sessions_provider.timeline.model import Event, ExportedSession

FRACTION = 0.3
"""Keeps each run away from whole minutes, where the milliseconds of a request would decide."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("world") / "sessions.db")
    with connected_to(world):
        yield world
    world.close()


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


@settings(max_examples=20)
@given(
    life=lives(),
    by_hand=st.sampled_from((None, None, None, 6, 200)),
    grant=st.sampled_from((0, 0, 0, -40, -16, 60)),
)
def test_each_run_does_what_was_forecast(
    world: World, life: tuple[dict[str, Any], list[int]], by_hand: int | None, grant: int
) -> None:
    declared, pauses = life
    world.begin(random.Random(0))  # noqa: S311 - decides nothing here
    if by_hand:
        declared = {key: declared[key] for key in ("userId", "onExpired", "status")}
        declared["expiresAt"] = (world.clock.now() + timedelta(minutes=by_hand)).isoformat()
    configuration = {"bearer": TOKEN, "organization": uuid4().hex, "baseUrl": "http://127.0.0.1:1", "baseDelayMs": "0"}
    engine = MiniEngine(host_in(world, 1, configuration))
    # The forecast reads the first grant from state, so only that one differs from the request.
    world.behave(Behaviours(grant_offset_minutes=grant))
    engine.up(declared)
    world.behave(Behaviours())

    start = world.clock.now()
    runs = [start + timedelta(minutes=sum(pauses[: n + 1]) + FRACTION * (n + 1)) for n in range(len(pauses))]
    (found,) = forecasts([_tracked(engine)], runs, start, runs[-1] + timedelta(minutes=1))
    events = found.events
    assert _forecast(events, runs) == [_done(world, engine, declared, pause + FRACTION) for pause in pauses]


def _tracked(engine: MiniEngine) -> ExportedSession:
    assert engine.state
    urn = "urn:pulumi:main::shop::pulumi-python:dynamic/quant:Session::it"
    resource = {"type": urn.split("::")[2], "urn": urn, "inputs": engine.state.inputs, "outputs": engine.state.outputs}
    (session,), _ = read_sessions({"deployment": {"resources": [resource]}})
    return session


def _forecast(events: list[Event], runs: list[datetime]) -> list[tuple[str, int]]:
    by_run = {event.at: event for event in (replace(event, why="") for event in events)}
    return [(by_run[run].kind, by_run[run].minutes) if run in by_run else ("none", 0) for run in runs]


def _done(world: World, engine: MiniEngine, declared: dict[str, Any], pause: float) -> tuple[str, int]:
    """Advance time and run; return what the run did, by the requests that it sent."""
    world.clock.sleep(60 * pause)
    before = len(world.log)
    try:
        engine.up(declared)
    except PlanError:
        return "stopped", 0
    sent = [request for request in world.log[before:] if request["method"] in ("POST", "PUT")]
    if any(request["method"] == "POST" for request in sent):
        return "recreated", 0
    return ("renewed", sent[0]["body"]["additionalMinutes"]) if sent else ("none", 0)
