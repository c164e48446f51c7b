"""timeoutSeconds bounds a whole operation: connecting, pauses, retries, and slow servers."""

from __future__ import annotations

import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from quant_sessions_provider.core.errors import AnswerLostError, ApiError, UnreachableError
from tests.client.conftest import Answer, Clock, Host, Script, client_of, nowhere

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = b"HTTP/1.1 200 OK\r\n"
BRIEF = "0.25"


@contextmanager
def brief() -> Iterator[None]:
    """Require that it ends by its deadline, with room for a slow machine; a slow server would go on for ever."""
    start = time.monotonic()
    yield
    assert 0.2 < time.monotonic() - start < 5


# --- slow servers --------------------------------------------------------------------------------------------

SLOW = {
    "before the first line": (b"", b"H"),
    "in a header": (HEAD + b"X-Long: ", b"x"),
    "with headers": (HEAD, b"X: y\r\n"),
    "with continuations": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "in a body of known length": (HEAD + b"Content-Length: 9999999\r\n\r\n", b" "),
    "in a body without end": (HEAD + b"\r\n", b" "),
    "with chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "in the length of a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "with trailers": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
    "with what unpacks to nothing": (
        HEAD + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
        b"\x00\x00\x00\xff\xff",
    ),
}


@pytest.mark.parametrize(("said", "drip"), SLOW.values(), ids=SLOW)
def test_a_slow_response_ends_with_the_deadline(said: bytes, drip: bytes) -> None:
    late = r" did not respond within timeoutSeconds \(0\.25 s\)"
    with Script(said, drip) as host:
        client = client_of(f"http://{host.address}", timeoutSeconds=BRIEF)
        with brief(), pytest.raises(AnswerLostError, match=f"{late}; the request may have been applied$"):
            client.create("acme", user_id="ada")
        with brief(), pytest.raises(AnswerLostError, match=f"{late}$"):
            client.get("acme", "3f2a")
    assert len(host.heard) == 2


def test_an_endless_response_ends_with_the_deadline() -> None:
    with (
        Script(HEAD + b"\r\n", b" ", every=0) as host,
        brief(),
        pytest.raises(AnswerLostError, match=r" within timeoutSeconds \(0\.25 s\)"),
    ):
        client_of(f"http://{host.address}", timeoutSeconds=BRIEF).create("acme", user_id="ada")


def test_an_endless_error_is_still_that_error() -> None:
    with Script(b"HTTP/1.1 409 Conflict\r\n\r\nnot now", b" ") as host, brief():
        with pytest.raises(ApiError, match=r": the API returned 409: not now$") as caught:
            client_of(f"http://{host.address}", timeoutSeconds=BRIEF).create("acme", user_id="ada")
        assert caught.value.status == 409


def test_a_server_that_reads_nothing_ends_with_the_deadline() -> None:
    # A busy machine needs a while to write so much JSON before it connects.
    with swallowing() as address, pytest.raises(AnswerLostError, match="did not respond within"):
        client_of(f"http://{address}", timeoutSeconds="2").create("acme", user_id="a" * 10_000_000)


@contextmanager
def swallowing() -> Iterator[str]:
    """Yield the address of a server that accepts connections and does nothing else."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"localhost:{server.getsockname()[1]}"


def test_a_server_without_a_handshake_received_nothing() -> None:
    nothing = pytest.raises(UnreachableError, match=r" \(connecting timed out\); nothing was sent$")
    with swallowing() as address, brief(), nothing:
        client_of(f"https://{address}", timeoutSeconds=BRIEF).create("acme", user_id="ada")


def test_a_handshake_has_all_the_time_that_connecting_left(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, *["127.0.0.1"] * 4)
    start = time.monotonic()
    with swallowing() as address, pytest.raises(UnreachableError):
        client_of(f"https://{address}", timeoutSeconds="0.1", maxRetries="0").get("acme", "3f2a")
    assert time.monotonic() - start > 0.09


def test_a_slow_proxy_ends_with_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Script(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n")
    monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
    with proxy, brief(), pytest.raises(UnreachableError):
        client_of("https://api.example", timeoutSeconds=BRIEF).create("acme", user_id="ada")


several_addresses = pytest.mark.skipif(sys.platform == "darwin", reason="macOS has one loopback address")


@contextmanager
def silent(port: int, *hosts: str) -> Iterator[None]:
    """Make addresses that do not even accept a connection: their queues are full."""
    with ExitStack() as kept:
        for host in hosts:
            server = kept.enter_context(socket.create_server((host, port), backlog=0))
            for _ in range(3):
                waiting = kept.enter_context(socket.socket())
                waiting.settimeout(0)
                waiting.connect_ex(server.getsockname())
        yield


def resolve_to(monkeypatch: pytest.MonkeyPatch, *hosts: str) -> None:
    real = socket.getaddrinfo

    def resolve(name: str, port: int, *args: int) -> list[object]:
        return [entry for host in (hosts if name == "localhost" else [name]) for entry in real(host, port, *args)]

    monkeypatch.setattr("socket.getaddrinfo", resolve)


@several_addresses
def test_an_address_that_is_silent_leaves_time_for_the_next(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, "127.0.0.2", "127.0.0.1")
    with silent(host.server_port, "127.0.0.2"), brief():
        client_of(f"http://localhost:{host.server_port}", timeoutSeconds="0.6").create("acme", user_id="ada")
    assert len(host.asked) == 1


@several_addresses
def test_silent_addresses_take_no_more_time_than_one(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    away = [f"127.0.0.{last}" for last in range(2, 42)]
    resolve_to(monkeypatch, *away)
    with silent(host.server_port, *away), brief(), pytest.raises(UnreachableError):
        client_of(f"http://localhost:{host.server_port}", timeoutSeconds=BRIEF).create("acme", user_id="ada")


def test_a_timeout_of_weeks_does_not_overflow_the_socket(host: Host) -> None:
    """A socket counts milliseconds in 32 bits, in which this is 4."""
    host.play(Answer(late=0.05))
    client_of(host.url, Clock(), timeoutSeconds="4294967.3").create("acme", user_id="ada")
    assert len(host.asked) == 1


def test_a_retried_request_has_only_the_time_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as threads:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        client = client_of(url, Clock(), timeoutSeconds="3", baseDelayMs="2900")
        sending = threads.submit(client.create, "acme", user_id="a" * 10_000_000)
        with server.accept()[0] as kept:
            body = kept.recv(65536).partition(b"\r\n\r\n")[2]
            while not body.endswith(b'"}'):
                body = kept.recv(65536)
            start = time.monotonic()
            kept.sendall(b"HTTP/1.1 429 No\r\nContent-Length: 0\r\n\r\n")
            with pytest.raises(AnswerLostError):
                sending.result()
    assert time.monotonic() - start < 2


@several_addresses
@pytest.mark.parametrize("status", [429, 500])
def test_an_attempt_that_finds_no_connection_in_time_does_not_hide_the_answer_before(
    host: Host, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    class Moving(Clock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            resolve_to(monkeypatch, "127.0.0.2")

    clock = Moving()
    host.play(Answer(status, {"message": "busy"}, headers={"Connection": "close"}))
    client = client_of(f"http://localhost:{host.server_port}", clock, baseDelayMs="2950", timeoutSeconds="3")
    with silent(host.server_port, "127.0.0.2"), pytest.raises(ApiError, match=rf" returned {status}: busy$"):
        client.get("acme", "3f2a")
    assert clock.pauses == [2.95]


# --- pauses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("120", "120 s"),
        ("30", "30 s"),
        ("Sat, 03 Aug 2058 03:11:26 GMT", r"\d{9,10} s"),
        ("9" * 400, r"\d{19} s"),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_retry_after_beyond_the_deadline_ends_it_at_once_and_is_quoted(
    host: Host, asked: str, said: str, status: int
) -> None:
    clock = Clock()
    host.play(Answer(status, {"message": "slow down"}, headers={"Retry-After": asked}))
    with pytest.raises(ApiError) as caught:
        client_of(host.url, clock, timeoutSeconds="30").get("acme", "3f2a")
    assert caught.value.status == status
    assert caught.match(
        f"^reading session 3f2a: the API returned {status}: slow down; retry after {said}"
        ", longer than timeoutSeconds allows$"
    )
    assert (clock.pauses, len(host.asked)) == ([], 1)


def test_a_retry_after_fits_into_what_earlier_ones_left(host: Host) -> None:
    clock = Clock()
    host.play(*[Answer(429, headers={"Retry-After": "9"})] * 9)
    with pytest.raises(ApiError, match=r"429; retry after 9 s, longer than timeoutSeconds allows$"):
        client_of(host.url, clock, timeoutSeconds="20", maxRetries="9").create("acme", user_id="ada")
    assert (clock.pauses, len(host.asked)) == ([9, 9], 3)


def test_retry_after_is_quoted_when_retries_are_used_up(host: Host) -> None:
    host.play(Answer(429, headers={"Retry-After": "1"}))
    with pytest.raises(ApiError, match=r": the API returned 429; retry after 1 s$"):
        client_of(host.url, maxRetries="0").create("acme", user_id="ada")


@pytest.mark.parametrize("failure", [Answer(500), Answer(drop="after")])
def test_pauses_and_retries_end_with_the_deadline(host: Host, failure: Answer) -> None:
    clock = Clock()
    host.play(*[failure] * 9)
    with pytest.raises(ApiError if failure.status == 500 else AnswerLostError):
        client_of(host.url, clock, baseDelayMs="500", maxRetries="9", timeoutSeconds="3").get("acme", "3f2a")
    assert (clock.pauses, len(host.asked)) == ([0.5, 1], 3)


def test_retries_of_connecting_end_with_the_deadline() -> None:
    clock = Clock()
    away = client_of(nowhere(), clock, baseDelayMs="500", timeoutSeconds="3")
    with pytest.raises(UnreachableError, match=r"\(connection refused\); nothing was sent$"):
        away.create("acme", user_id="ada")
    assert clock.pauses == [0.5, 1]
