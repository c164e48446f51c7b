"""A sample of ``make bench``: one host, two sessions, without latency. Tests assert requests, never times."""

from __future__ import annotations

import pytest

from benchmarks import run
from benchmarks.plan import Entry, Heat
from benchmarks.reading import FLOOR_OF, Case, Contestant, Reading, Step, expected
from benchmarks.record import Record

SESSIONS = 2
OF_FLOORS = (Step.CREATE, Step.DESTROY)
OF_CLIENTS = (Step.CREATE, Step.REFRESH, Step.EXTEND, Step.APPEND, Step.DESTROY)
OURS, FLOOR = next(iter(FLOOR_OF.items()))
STEPS = {
    OURS: OF_CLIENTS,
    FLOOR: OF_FLOORS,
    **dict.fromkeys((Contestant.LOOP, Contestant.THREADS), OF_CLIENTS),
}


def entry(contestant: Contestant) -> Entry:
    return Entry(contestant, tuple((step, Case(SESSIONS, 0)) for step in STEPS[contestant]))


@pytest.fixture(scope="module")
def readings() -> list[Reading]:
    record = Record()
    heat = Heat(tuple(map(entry, STEPS)))
    assert [one for one in run.run([heat], record) if isinstance(one, run.Failure)] == []
    return record.readings


def of(readings: list[Reading], contestant: Contestant) -> dict[Step, Reading]:
    return {one.step: one for one in readings if one.contestant is contestant}


def test_each_step_sends_exactly_the_necessary_requests(readings: list[Reading]) -> None:
    ours = of(readings, OURS)
    assert {step: one.traffic.requests for step, one in ours.items()} == {
        step: expected(step, SESSIONS) for step in OF_CLIENTS
    }
    # At most two threads send, each on its own connection.
    assert ours[Step.APPEND].traffic.connections <= SESSIONS


def test_the_official_client_sends_one_request_per_session_and_step(readings: list[Reading]) -> None:
    for contestant in (Contestant.LOOP, Contestant.THREADS):
        counts = {step: sum(one.traffic.requests.values()) for step, one in of(readings, contestant).items()}
        assert counts == dict.fromkeys(OF_CLIENTS, SESSIONS)


def test_the_floor_has_as_much_state_as_the_provider(readings: list[Reading]) -> None:
    ours, floor = of(readings, OURS), of(readings, FLOOR)
    assert [*floor] == [*OF_FLOORS]
    for step in OF_FLOORS:
        assert floor[step].state_bytes == pytest.approx(ours[step].state_bytes, rel=0.1)
        assert not floor[step].traffic.requests


def test_cpu_and_memory_of_each_process_are_measured(readings: list[Reading]) -> None:
    for contestant in (OURS, FLOOR):
        for step, one in of(readings, contestant).items():
            assert one.usage.engine_cpu > 0
            assert one.usage.host_cpu > 0
            assert one.usage.host_peak_mb > 1
            assert (one.usage.program_cpu > 0) == (step not in (Step.REFRESH, Step.DESTROY))
