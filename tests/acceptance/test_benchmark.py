"""A sample of ``make bench``: two sessions without latency. Tests assert requests, never times."""

from __future__ import annotations

import pytest

from benchmarks import run
from benchmarks.reading import Contestant, Reading, Step, expected

SESSIONS = 2


@pytest.fixture(scope="module")
def readings() -> list[Reading]:
    return [*run.once(SESSIONS, latencies=(0,))]


def of(readings: list[Reading], contestant: Contestant) -> dict[Step, Reading]:
    return {one.step: one for one in readings if one.contestant is contestant}


def test_each_step_sends_exactly_the_necessary_requests(readings: list[Reading]) -> None:
    ours = of(readings, Contestant.PROVIDER)
    assert {step: one.traffic.requests for step, one in ours.items()} == {
        step: expected(step, SESSIONS) for step in Step
    }
    # Two threads have two connections.
    assert ours[Step.APPEND].traffic.connections <= SESSIONS


def test_the_official_client_sends_one_request_per_session_and_step(readings: list[Reading]) -> None:
    for contestant in (Contestant.LOOP, Contestant.THREADS):
        counts = {step: sum(one.traffic.requests.values()) for step, one in of(readings, contestant).items()}
        assert counts == dict.fromkeys((Step.CREATE, Step.REFRESH, Step.EXTEND, Step.APPEND, Step.DESTROY), SESSIONS)


def test_the_floor_has_as_much_state_as_the_provider(readings: list[Reading]) -> None:
    ours, floor = of(readings, Contestant.PROVIDER), of(readings, Contestant.FLOOR)
    assert [*floor] == [*Step]
    for step in Step:
        assert floor[step].state_bytes == pytest.approx(ours[step].state_bytes, rel=0.1)
        assert not floor[step].traffic.requests


def test_cpu_and_memory_of_each_process_are_measured(readings: list[Reading]) -> None:
    for contestant in (Contestant.PROVIDER, Contestant.FLOOR):
        for step, one in of(readings, contestant).items():
            assert one.usage.engine_cpu > 0
            assert one.usage.host_cpu > 0
            assert one.usage.host_peak_mb > 1
            assert (one.usage.program_cpu > 0) == (step not in (Step.REFRESH, Step.DESTROY))
