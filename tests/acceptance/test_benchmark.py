"""A sample of ``make bench``: two sessions without latency. Tests assert requests, never times."""

from __future__ import annotations

import pytest

from benchmarks import run
from benchmarks.plan import Entry, Heat
from benchmarks.reading import FLOOR_OF, Case, Contestant, Reading, Step, expected
from benchmarks.record import Record

SESSIONS = 2
OF_FLOORS = (Step.CREATE, Step.DESTROY)
OF_CLIENTS = (Step.CREATE, Step.REFRESH, Step.EXTEND, Step.APPEND, Step.DESTROY)
STEPS = {
    **dict.fromkeys(FLOOR_OF, OF_CLIENTS),
    **dict.fromkeys(FLOOR_OF.values(), OF_FLOORS),
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


@pytest.mark.parametrize("contestant", FLOOR_OF)
def test_each_step_sends_exactly_the_necessary_requests(readings: list[Reading], contestant: Contestant) -> None:
    ours = of(readings, contestant)
    assert {step: one.traffic.requests for step, one in ours.items()} == {
        step: expected(step, SESSIONS) for step in STEPS[contestant]
    }
    # At most two threads send, each on its own connection.
    assert ours[Step.APPEND].traffic.connections <= SESSIONS


def test_the_official_client_sends_one_request_per_session_and_step(readings: list[Reading]) -> None:
    for contestant in (Contestant.LOOP, Contestant.THREADS):
        counts = {step: sum(one.traffic.requests.values()) for step, one in of(readings, contestant).items()}
        assert counts == dict.fromkeys(OF_CLIENTS, SESSIONS)


@pytest.mark.parametrize("contestant", FLOOR_OF)
def test_the_floor_has_as_much_state_as_the_provider(readings: list[Reading], contestant: Contestant) -> None:
    ours, floor = of(readings, contestant), of(readings, FLOOR_OF[contestant])
    assert [*floor] == [*OF_FLOORS]
    for step in OF_FLOORS:
        assert floor[step].state_bytes == pytest.approx(ours[step].state_bytes, rel=0.1)
        assert not floor[step].traffic.requests


def test_cpu_and_memory_of_each_process_are_measured(readings: list[Reading]) -> None:
    for contestant in (*FLOOR_OF, *FLOOR_OF.values()):
        for step, one in of(readings, contestant).items():
            assert one.usage.engine_cpu > 0
            assert one.usage.host_cpu > 0
            assert one.usage.host_peak_mb > 1
            assert (one.usage.program_cpu > 0) == (step not in (Step.REFRESH, Step.DESTROY))
