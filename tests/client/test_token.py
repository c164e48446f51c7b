"""Where the token goes, and that no error and no repr shows it."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import requests

from quant_sessions_provider.errors import AnswerLostError, ApiError, QuantSessionsError
from tests.client.conftest import TOKEN, Answer, Host, client_of, nowhere

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from quant_sessions_provider.client import Client

    Operation = Callable[[Client], object]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "operation", [lambda c: c.create("acme", user_id="ada"), lambda c: c.get("acme", "3f2a")], ids=["POST", "GET"]
)
def test_a_redirect_is_an_error_and_not_followed(host: Host, client: Client, operation: Operation, status: int) -> None:
    host.play(Answer(status, headers={"Location": f"{host.url.replace('127.0.0.1', 'localhost')}/elsewhere"}))
    with pytest.raises(ApiError, match=rf": the API answered {status}$"):
        operation(client)
    assert len(host.asked) == 1


def test_a_netrc_does_not_replace_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc, sent = tmp_path / "netrc", []
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    def send(_adapter: object, request: requests.PreparedRequest, **_options: object) -> None:
        sent.append(request.headers["Authorization"])
        raise requests.ConnectionError

    # Only over https does the environment count at all, and a test server has no certificate.
    monkeypatch.setattr("requests.adapters.HTTPAdapter.send", send)
    with pytest.raises(AnswerLostError):
        client_of("https://127.0.0.1").get("acme", "3f2a")
    assert sent == [f"Bearer {TOKEN}"]


def test_a_host_without_tls_gets_no_token_and_is_asked_once() -> None:
    heard: list[bytes] = []

    def listen() -> None:
        with suppress(OSError):
            while True:
                with server.accept()[0] as connection:
                    heard.append(connection.recv(65536))
                    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        with pytest.raises(AnswerLostError):
            client_of(f"https://127.0.0.1:{server.getsockname()[1]}").create("acme", user_id="ada")
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert len(heard) == 1
    assert TOKEN.encode() not in heard[0]


def test_a_proxy_never_sees_the_token_for_a_loopback_host(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", host.url)
    with pytest.raises(QuantSessionsError):
        client_of(nowhere()).get("acme", "3f2a")
    assert host.asked == []


def texts(error: BaseException | None) -> Iterator[str]:
    """Give all that a log might show of an error and what led to it."""
    while error is not None:
        yield str(error)
        yield repr(error)
        error = error.__cause__ or error.__context__


ECHO = f"bad token {TOKEN}"


@pytest.mark.parametrize(
    "answer",
    [
        *(Answer(status) for status in (200, 302, 401, 403, 404, 429, 500)),
        Answer(200, "not JSON"),
        Answer(200, {"id": 7}),
        Answer(drop="before"),
        Answer(drop="for good"),
        Answer(401, {"message": ECHO}),
    ],
)
def test_the_token_is_in_no_error_and_no_repr(host: Host, answer: Answer) -> None:
    client = client_of(host.url, maxRetries="1")
    host.play(answer, answer)
    with pytest.raises(QuantSessionsError) as caught:
        list(client.list("acme"))
    shown = [
        *texts(caught.value),
        repr(client),
        repr(vars(client)),
        *(repr(vars(part)) for part in vars(client).values()),
    ]
    assert not [text for text in shown if TOKEN in text]
