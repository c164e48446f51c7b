"""What happens when the network or the host fails: what is retried, and what the error says."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest

from quant_sessions_provider.core.errors import AnswerLostError, ApiError, UnreachableError
from tests.client.conftest import Answer, Clock, Host, client_of, nowhere

if TYPE_CHECKING:
    from quant_sessions_provider.client.sessions import Client
    from tests.client.operations import Operation

ONCE: dict[str, Operation] = {
    "create": lambda c: c.create("acme", user_id="ada"),
    "append": lambda c: c.update("acme", "3f2a", new_messages=[{"role": "user", "content": "A"}], metadata={}),
    "count": lambda c: c.update("acme", "3f2a", tokens_used=7),
    "extend": lambda c: c.extend("acme", "3f2a", additional_minutes=5),
    "delete": lambda c: c.delete("acme", "3f2a"),
}
AGAIN: dict[str, Operation] = {
    "get": lambda c: c.get("acme", "3f2a"),
    "metadata": lambda c: c.update("acme", "3f2a", metadata={}),
    "status": lambda c: c.update("acme", "3f2a", status="completed"),
}
once = pytest.mark.parametrize("operation", ONCE.values(), ids=ONCE)
again = pytest.mark.parametrize("operation", AGAIN.values(), ids=AGAIN)
failures = pytest.mark.parametrize(
    "failure",
    [Answer(drop="before"), Answer(drop="after"), *(Answer(status) for status in (408, 500, 502, 503, 504))],
    ids=lambda answer: answer.drop or str(answer.status),
)


# --- what is retried -----------------------------------------------------------------------------------------


@once
@failures
def test_a_request_that_is_not_idempotent_is_not_retried_if_it_may_have_been_processed(
    host: Host, client: Client, operation: Operation, failure: Answer
) -> None:
    host.play(failure)
    with pytest.raises(AnswerLostError if failure.drop else ApiError) as caught:
        operation(client)
    assert len(host.asked) == 1
    lost = f"{host.url} did not respond; the request may have been applied"
    assert str(caught.value).endswith(f": {lost if failure.drop else f'the API returned {failure.status}'}")


@once
@pytest.mark.parametrize("status", [413, 503])
def test_retry_after_does_not_make_a_request_retryable(
    host: Host, client: Client, operation: Operation, status: int
) -> None:
    host.play(Answer(status, headers={"Retry-After": "0"}))
    with pytest.raises(ApiError):
        operation(client)
    assert len(host.asked) == 1


@again
@failures
def test_an_idempotent_request_is_retried(host: Host, client: Client, operation: Operation, failure: Answer) -> None:
    host.play(failure, failure, failure)
    operation(client)
    assert host.lines == [host.lines[0]] * 4
    read = [request.body for request in host.asked[0 if failure.drop != "before" else 3 :]]
    assert read == [read[0]] * len(read)


@pytest.mark.parametrize("operation", [*ONCE.values(), *AGAIN.values()], ids=[*ONCE, *AGAIN])
@pytest.mark.parametrize("headers", [{}, {"Retry-After": "0"}, {"Retry-After": formatdate(0, usegmt=True)}])
def test_after_429_everything_is_retried(
    host: Host, client: Client, operation: Operation, headers: dict[str, str]
) -> None:
    host.play(Answer(429, headers=headers), Answer(429, headers=headers))
    operation(client)
    assert len(host.asked) == 3
    assert len({(request.line, request.body) for request in host.asked}) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 501])
def test_other_errors_are_final(host: Host, client: Client, status: int) -> None:
    for operation in (*ONCE.values(), *AGAIN.values()):
        host.play(Answer(status))
        with pytest.raises(ApiError):
            operation(client)
    assert len(host.asked) == len(ONCE) + len(AGAIN)


def test_a_list_is_retried_page_by_page(host: Host, client: Client) -> None:
    page = Answer(200, [{"id": str(number)} for number in range(100)])
    last = [Answer(200, [{"id": "99"}, {"id": "last"}]), Answer(200, [{"id": "last"}])]
    host.play(page, Answer(drop="after"), Answer(500), *last)
    assert len(list(client.list("acme"))) == 101


@pytest.mark.parametrize("retries", [0, 2])
def test_retrying_ends_with_the_last_response(host: Host, retries: int) -> None:
    host.play(*[Answer(500, {"message": f"attempt {number}"}) for number in range(9)])
    with pytest.raises(ApiError, match=f"^reading session 3f2a: the API returned 500: attempt {retries}$"):
        client_of(host.url, maxRetries=str(retries)).get("acme", "3f2a")
    assert len(host.asked) == retries + 1


def test_a_retry_after_is_waited_for_as_seconds_and_as_a_date(host: Host) -> None:
    clock, start = Clock(), time.time()
    date = int(start) + 300
    host.play(*[Answer(429, headers={"Retry-After": value}) for value in ("7", formatdate(date, usegmt=True))])
    client_of(host.url, clock, timeoutSeconds="400").create("acme", user_id="ada")
    first, second = clock.pauses
    assert first == 7
    assert date - time.time() <= second <= date - start


def test_backoff_doubles_from_the_base_up_to_the_maximum(host: Host) -> None:
    clock = Clock()
    host.play(*[Answer(500)] * 4)
    patient = client_of(host.url, clock, baseDelayMs="500", maxDelayMs="3000", maxRetries="4", timeoutSeconds="7")
    patient.get("acme", "3f2a")
    assert clock.pauses == [0.5, 1, 2, 3]


def test_jitter_is_at_most_the_base(host: Host) -> None:
    clock = Clock()
    for _ in range(20):
        host.play(Answer(500))
        client_of(host.url, clock, baseDelayMs="100", enableJitter="true").get("acme", "3f2a")
    assert len(set(clock.pauses)) > 10
    assert all(0.1 <= pause <= 0.2 for pause in clock.pauses)


@again
def test_a_truncated_response_is_a_lost_one_and_is_retried(host: Host, client: Client, operation: Operation) -> None:
    host.play(Answer(200, "{", headers={"Content-Length": "99", "Connection": "close"}))
    operation(client)
    assert len(host.asked) == 2


# --- what the error says -------------------------------------------------------------------------------------


def test_a_post_cut_short_may_have_taken_effect(host: Host, client: Client) -> None:
    host.play(Answer(200, "{", headers={"Content-Length": "99", "Connection": "close"}))
    with pytest.raises(
        AnswerLostError,
        match=r"^creating the session: .* closed the connection mid-response; the request may have been applied$",
    ):
        client.create("acme", user_id="ada")
    assert len(host.asked) == 1


def test_a_response_of_two_lengths_is_a_lost_one(host: Host, client: Client) -> None:
    host.play(Answer(headers={"Content-Length": "2, 3"}))
    with pytest.raises(AnswerLostError):
        client.create("acme", user_id="ada")
    assert len(host.asked) == 1


def test_no_response_in_time_is_a_lost_one(host: Host) -> None:
    host.play(Answer(drop="hold"))
    late = r" did not respond within timeoutSeconds \(0\.05 s\); the request may have been applied$"
    with pytest.raises(AnswerLostError, match=late):
        client_of(host.url, timeoutSeconds="0.05").create("acme", user_id="ada")
    assert len(host.asked) == 1


@once
def test_a_refused_connection_says_that_nothing_was_sent(operation: Operation) -> None:
    with pytest.raises(UnreachableError) as caught:
        operation(client_of(nowhere()))
    assert re.search(
        r": http://127.0.0.1:\d+ cannot be reached \(connection refused\); nothing was sent$", str(caught.value)
    )


@again
def test_an_idempotent_request_that_may_have_been_sent_before_is_not_called_unsent(
    host: Host, client: Client, operation: Operation
) -> None:
    host.play(Answer(drop="for good"))
    with pytest.raises(UnreachableError) as caught:
        operation(client)
    assert str(caught.value).endswith(f": {host.url} cannot be reached (connection refused)")
    assert len(host.asked) == 1


# --- connections ---------------------------------------------------------------------------------------------


def test_a_thread_keeps_one_connection_through_errors_too(host: Host, client: Client) -> None:
    host.play(Answer(), Answer(404, {"message": "x"}), Answer(200, "not JSON"), Answer(500), Answer())
    host.play(
        Answer(204, ""), Answer(304, ""), Answer(302, "x"), Answer(200, ""), Answer(200, {"title": "x" * 2_000_000})
    )
    for _ in range(10):
        with suppress(ApiError):
            client.get("acme", "3f2a")
    assert len(host.asked) == 11
    assert len({request.connection for request in host.asked}) == 1


def test_four_threads_share_a_transport_each_with_a_connection_that_it_keeps(host: Host) -> None:
    client = client_of(host.url, maxRetries="99")
    together = threading.Barrier(4, timeout=5)

    def work(name: str) -> list[str | None]:
        together.wait()
        return [client.get("acme", f"{name}-{number}").id for number in range(20)]

    host.play(*[Answer(500), Answer(429), Answer()] * 8)
    with ThreadPoolExecutor(4) as threads:
        assert len([each for each in threads.map(work, "abcd") if len(each) == 20]) == 4
    used: dict[tuple[str, int], set[str]] = {}
    for request in host.asked:
        used.setdefault(request.connection, set()).add(request.target.rpartition("/")[2][0])
    assert sorted(map(sorted, used.values())) == [["a"], ["b"], ["c"], ["d"]]
