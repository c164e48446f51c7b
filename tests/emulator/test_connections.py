"""What the emulator sends besides one response for each request: interim responses, extra bytes, a second response."""

import json
import time

import pytest

from quant_sessions_provider.emulator.background import Kind
from tests.emulator.calls import ORGANISATION, create_id, refused
from tests.emulator.wire import SESSIONS, exchange, kept_connection
from tests.support.emulator_server import Emulator

CHUNK_END = b"0\r\n\r\n"
ADA = {"userId": "ada"}
INTERIM = pytest.mark.parametrize(
    ("interim", "codes"), [("continue", [100]), ("processing", [102, 102]), ("earlyHints", [103])]
)


@INTERIM
def test_interim_responses_come_before_every_response(odd: Emulator, interim: str, codes: list[int]) -> None:
    session_id = create_id(odd)
    odd.behave(interim=interim)
    with kept_connection(odd) as connection:
        assert connection.get(f"{SESSIONS}/{session_id}").statuses == [*codes, 200]
        assert connection.get(f"{SESSIONS}/nobody").statuses == [*codes, 404]
        odd.fault(status=503)
        assert connection.get().statuses == [*codes, 503]
        odd.behave(interim=interim, forbidden=True)
        assert connection.get().statuses == [*codes, 403]
        assert connection.get("/_emulator/clock").statuses == [200]
    assert [request["status"] for request in odd.requests()[1:]] == [200, 404, 503, 403]


@INTERIM
def test_interim_responses_come_before_a_dropped_one(odd: Emulator, interim: str, codes: list[int]) -> None:
    odd.behave(interim=interim)
    odd.fault("drop")
    everything = exchange(odd, "GET", SESSIONS).everything
    assert [int(head.split()[1]) for head in everything.split(b"\r\n\r\n")[:-1]] == codes


@pytest.mark.parametrize("when", ["before", "after"])
def test_bytes_after_the_body(odd: Emulator, when: str) -> None:
    odd.faults([{"kind": "trailing", "when": when, "count": 1}])
    answer = exchange(odd, "POST", SESSIONS, ADA)
    assert answer.status == (201 if when == "after" else 500)
    length = int(answer.header("Content-Length") or 0)
    assert json.loads(answer.body[:length])
    assert answer.body[length:] == CHUNK_END


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_duplicate_response(odd: Emulator, when: str) -> None:
    odd.faults([{"kind": "duplicate", "when": when, "count": 1}])
    answer = exchange(odd, "POST", SESSIONS, ADA)
    body = answer.body[: int(answer.header("Content-Length") or 0)]
    second = answer.body[len(body) :]
    assert second.startswith(
        b"HTTP/1.1 201 Created\r\n" if when == "after" else b"HTTP/1.1 500 Internal Server Error\r\n"
    )
    assert second.endswith(b"\r\n\r\n" + body)


def test_bytes_after_a_response_without_a_body(odd: Emulator) -> None:
    path = f"{SESSIONS}/{create_id(odd)}"
    odd.behave(noContent=True)
    for kind, extra in [("slow", b""), ("trailing", CHUNK_END), ("duplicate", b"HTTP/1.1 204 No Content\r\n\r\n")]:
        odd.faults([{"kind": kind, "when": "after", "count": 1}])
        answer = exchange(odd, "PUT", path, {})
        assert (answer.status, answer.body) == (204, extra)


@pytest.mark.parametrize("kind", ["trailing", "duplicate"])
def test_extra_bytes_arrive_with_the_body(odd: Emulator, kind: Kind) -> None:
    odd.fault(kind, "after")
    with kept_connection(odd) as connection:
        connection.get()
        assert connection.trailing().endswith(CHUNK_END if kind == "trailing" else b"\r\n\r\n[]")


def test_the_next_request_gets_the_duplicate(odd: Emulator) -> None:
    session_id = create_id(odd)
    with kept_connection(odd) as connection:
        odd.fault("duplicate", "after")
        listed = connection.get().body
        assert connection.get(f"{SESSIONS}/{session_id}").body == listed
        assert json.loads(connection.get(f"{SESSIONS}/nobody").body)["id"] == session_id


@pytest.mark.parametrize("kind", ["trailing", "duplicate"])
def test_extra_bytes_can_come_later(odd: Emulator, kind: Kind) -> None:
    odd.fault(kind, "after", delayMs=150)
    start = time.monotonic()
    with kept_connection(odd) as connection:
        connection.get()
        expected = CHUNK_END if kind == "trailing" else b"HTTP/1.1 200 OK\r\n"
        assert connection.trailing(len(expected)).startswith(expected)
    assert time.monotonic() - start >= 0.15
    assert refused(odd.api("GET", ORGANISATION, "/nobody"), 404)


def test_extra_bytes_do_not_hold_up_the_shutdown(caplog: pytest.LogCaptureFixture) -> None:
    with Emulator() as emulator, kept_connection(emulator) as connection:
        emulator.fault("trailing", "after", delayMs=3_600_000)
        connection.get()
    assert caplog.records == []
