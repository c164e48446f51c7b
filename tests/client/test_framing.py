"""One request, one response: interim ones are skipped, and a connection that holds anything else is not used again."""

from __future__ import annotations

import json
import ssl
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from quant_sessions_provider.core.errors import AnswerLostError, ApiError
from tests.client.conftest import Answer, Host, client_of
from tests.client.raw_host import RawHost

if TYPE_CHECKING:
    from pathlib import Path

    from quant_sessions_provider.client.sessions import Client
    from tests.client.operations import Operation

OPERATIONS: dict[str, tuple[Operation, str]] = {
    "get": (lambda c: c.get("acme", "3f2a"), "reading session 3f2a"),
    "update": (lambda c: c.update("acme", "3f2a", status="completed"), "updating session 3f2a"),
    "append": (
        lambda c: c.update("acme", "3f2a", new_messages=[{"role": "user", "content": "A"}]),
        "updating session 3f2a",
    ),
    "extend": (lambda c: c.extend("acme", "3f2a"), "extending session 3f2a"),
    "delete": (lambda c: c.delete("acme", "3f2a"), "deleting session 3f2a"),
}
BODY = b'{"id": "%s"}'


def response(name: str, *headers: str, line: str = "200 OK") -> bytes:
    """Return the bytes of a response for one session."""
    body = json.dumps({"id": name}).encode()
    head = "".join(f"{header}\r\n" for header in (f"HTTP/1.1 {line}", f"Content-Length: {len(body)}", *headers))
    return head.encode() + b"\r\n" + body


def interim(status: int) -> bytes:
    return f"HTTP/1.1 {status} Wait\r\nLink: </style.css>; rel=preload\r\n\r\n".encode()


# --- interim responses ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("statuses", [(100,), (102,), (103,), (103, 103), (199,), (100, 102, 100, 103)])
def test_each_request_gets_its_own_response_after_interim_ones(statuses: tuple[int, ...]) -> None:
    before = b"".join(map(interim, statuses))
    with RawHost(before + response("1"), before + response("2"), response("3")) as host:
        client = client_of(host.url, maxRetries="0")
        assert [client.get("acme", name).id for name in "123"] == ["1", "2", "3"]
    assert host.connections == [0, 0, 0]


def test_an_interim_response_alone_is_none() -> None:
    with RawHost(interim(103)) as host, pytest.raises(AnswerLostError, match=r"; the request may have been applied$"):
        client_of(host.url, timeoutSeconds="0.1").create("acme", user_id="ada")


def test_switching_protocols_is_an_error_and_its_connection_is_not_used_again() -> None:
    with RawHost(interim(101) + response("1"), response("2")) as host:
        client = client_of(host.url)
        with pytest.raises(AnswerLostError, match=r"; the request may have been applied$"):
            client.extend("acme", "1")
        assert client.get("acme", "2").id == "2"
    assert host.connections == [0, 1]


# --- what follows a response ---------------------------------------------------------------------------------

CHUNKED = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n{"id": "1"}\r\n0\r\n\r\n'
WITHOUT_BODY = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
LONG = response("1", "X-Padding: " + "x" * 20_000)


@pytest.mark.parametrize("first", [response("1"), LONG, CHUNKED], ids=["body", "beyond a buffer", "chunks"])
@pytest.mark.parametrize("together", [True, False], ids=["one segment", "two segments"])
def test_bytes_after_a_body_are_not_the_next_response(first: bytes, together: bool) -> None:  # noqa: FBT001 - a case
    more = response("of another")
    play = RawHost(first + more, response("2")) if together else RawHost(first, response("2"), unasked=[more])
    with play as host:
        client = client_of(host.url, maxRetries="0")
        assert client.get("acme", "1").id == "1"
        assert host.sent.acquire(timeout=10)
        assert client.get("acme", "2").id == "2"
    assert host.connections == [0, 1]


def test_bytes_after_a_response_without_a_body_are_not_the_next_response() -> None:
    with RawHost(WITHOUT_BODY + response("of another"), response("2")) as host:
        client = client_of(host.url, maxRetries="0")
        with pytest.raises(ApiError, match=r" returned 500$"):
            client.get("acme", "1")
        assert client.get("acme", "2").id == "2"
    assert host.connections == [0, 1]


def test_bytes_within_a_record_of_tls_are_not_the_next_response(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))
    # The record is longer than the buffer that the headers are read into: TLS keeps what lies beyond the body.
    first = b'HTTP/1.1 200 OK\r\nContent-Length: 12000\r\n\r\n{"id": "1"}' + b" " * 11_989
    with RawHost(first + response("of another"), response("2"), context=context) as host:
        client = client_of(host.url, maxRetries="0")
        assert client.get("acme", "1").id == "1"
        assert client.get("acme", "2").id == "2"
    assert host.connections == [0, 1]


@pytest.mark.parametrize(
    "odd",
    [
        response("1", "no header at all"),
        response("1", "Spaced : 1"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\nContent-Length: 12\r\n\r\n" + BODY % b"1",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n" + BODY % b"1",
        b"ICY 200 OK\r\n\r\n",
    ],
    ids=["no colon", "space before the colon", "two lengths", "bad chunk", "bad status line"],
)
def test_a_response_that_cannot_be_parsed_is_a_lost_one_and_its_connection_is_not_used_again(odd: bytes) -> None:
    with RawHost(odd, response("1"), response("2")) as host:
        client = client_of(host.url)
        with pytest.raises(AnswerLostError, match=r"; the request may have been applied$"):
            client.extend("acme", "1")
        assert [client.get("acme", name).id for name in "12"] == ["1", "2"]
    assert host.connections == [0, 1, 1]


def test_a_response_with_two_framings_is_the_last_of_its_connection() -> None:
    both = CHUNKED.replace(b"Transfer", b"Content-Length: 3\r\nTransfer")
    with RawHost(both, response("2")) as host:
        client = client_of(host.url)
        assert [client.get("acme", name).id for name in "12"] == ["1", "2"]
    assert host.connections == [0, 1]


# --- the session that was asked for --------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["id", "sessionId", "session_id"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_the_answer_of_another_session_is_an_error_and_its_connection_is_not_used_again(
    host: Host, client: Client, name: str, key: str
) -> None:
    operation, what = OPERATIONS[name]
    host.play(Answer(200, {key: "9b1c", "message": "done"}))
    with pytest.raises(ApiError) as caught:
        operation(client)
    doubt = "" if name == "get" else "; the request may have been applied"
    assert str(caught.value) == f"{what}: the API returned 200 with another session's data{doubt}"
    assert (caught.value.status, caught.value.maybe_applied) == (200, True)
    operation(client)
    first, second = host.asked
    assert first.connection != second.connection


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("answer", [{}, {"id": "3F2A"}, {"sessionId": "3f2a"}, {"session_id": None}, {"id": None}])
def test_the_answer_of_the_session_itself_or_of_none_is_taken(
    host: Host, client: Client, name: str, answer: dict[str, Any]
) -> None:
    host.play(Answer(200, answer))
    OPERATIONS[name][0](client)
    OPERATIONS[name][0](client)
    assert len({request.connection for request in host.asked}) == 1
