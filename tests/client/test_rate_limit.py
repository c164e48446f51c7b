"""requestsPerSecond: requests of all threads, retries included, are evenly spaced, within the deadline."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant_sessions_provider.client.deadline import Deadline
from quant_sessions_provider.client.rate_limit import RateLimiter
from quant_sessions_provider.core.errors import ApiError, UnreachableError
from tests.client.conftest import Answer, Clock, Host, client_of


class Frozen(Clock):
    """Time does not pass, so that all threads wait at once: each pause is the time of a slot."""

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


def test_requests_are_spaced_from_the_first_on(host: Host) -> None:
    clock = Clock()
    client = client_of(host.url, clock, requestsPerSecond="4")
    for _ in range(5):
        client.get("acme", "3f2a")
    assert clock.pauses == [0.25] * 4


def test_retries_are_spaced_too_after_their_own_pause(host: Host) -> None:
    clock = Clock()
    host.play(Answer(429, headers={"Retry-After": "1"}), Answer(500), Answer(drop="after"))
    client_of(host.url, clock, requestsPerSecond="0.5", timeoutSeconds="7").get("acme", "3f2a")
    assert [pause for pause in clock.pauses if pause] == [1, 1, 2, 2]


def test_four_threads_share_one_limit(host: Host) -> None:
    clock = Frozen()
    client = client_of(host.url, clock, requestsPerSecond="8", timeoutSeconds="60")
    host.play(*[Answer(500)] * 3)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: client.get("acme", f"{number}"), range(21)))
    assert len(host.asked) == 24
    assert sorted(pause for pause in clock.pauses if pause) == [slot / 8 for slot in range(1, 24)]


def test_the_limit_holds_by_a_real_clock(host: Host) -> None:
    client, start = client_of(host.url, requestsPerSecond="200"), time.monotonic()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: client.get("acme", f"{number}"), range(9)))
    assert time.monotonic() - start >= 8 / 200


def test_without_a_limit_nothing_waits(host: Host) -> None:
    clock = Clock()
    client = client_of(host.url, clock)
    for _ in range(5):
        client.get("acme", "3f2a")
    assert clock.pauses == []


def test_a_slot_after_the_deadline_is_not_waited_for(host: Host) -> None:
    clock = Clock()
    client = client_of(host.url, clock, requestsPerSecond="0.1", timeoutSeconds="5")
    client.get("acme", "3f2a")
    with pytest.raises(UnreachableError) as caught:
        client.create("acme", user_id="ada")
    assert str(caught.value) == (
        "creating the session: not sent: rate limited (requestsPerSecond) for longer than timeoutSeconds (5 s)"
    )
    assert (len(host.asked), clock.pauses) == (1, [])
    clock.time = 9
    client.get("acme", "3f2a")  # the slot that was not waited for is still free
    assert (len(host.asked), clock.pauses) == (2, [1])


def test_a_rate_limited_retry_leaves_the_response_before_it(host: Host) -> None:
    host.play(Answer(500, {"message": "broken"}))
    with pytest.raises(ApiError, match=r" returned 500: broken$"):
        client_of(host.url, Clock(), requestsPerSecond="0.1", timeoutSeconds="5").get("acme", "3f2a")
    assert len(host.asked) == 1


def test_a_nanosecond_is_too_short_for_a_request(host: Host) -> None:
    with pytest.raises(UnreachableError, match=r"rate limited .* for longer than timeoutSeconds \(1e-09 s\)$"):
        client_of(host.url, timeoutSeconds="0.000000001").get("acme", "3f2a")
    assert host.asked == []


@given(st.floats(0.01, 1000), st.lists(st.floats(0, 10), max_size=30))
def test_in_no_second_are_there_more_than_the_limit(rate: float, gaps: list[float]) -> None:
    clock, sent = Clock(), []
    limiter = RateLimiter(rate, clock.now, clock.sleep)
    for gap in gaps:
        clock.time += gap
        assert limiter.acquire(Deadline(1e9, clock.now))
        sent.append(clock.time)
    for index, start in enumerate(sent):
        within = sum(1 for later in sent[index:] if later - start < 1)
        assert within <= rate + 1
