"""Certificates are verified, whatever the environment says; it may name a CA bundle."""

from __future__ import annotations

import itertools
import socket
import ssl
import struct
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import requests
import trustme

from quant_sessions_provider.core.errors import AnswerLostError, ConfigurationError, UnreachableError
from tests.client.conftest import TOKEN, Host, client_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

AUTHORITY = trustme.CA()
VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
UNTRUSTED = r" cannot be reached \(certificate verification failed{}\); nothing was sent$"


def secure(name: str) -> Iterator[Host]:
    """Run a host with a certificate of our authority for a name."""
    with Host() as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        AUTHORITY.issue_cert(name).configure_cert(context)
        # The threads of connections do the handshake, and close what fails.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def tls() -> Iterator[Host]:
    yield from secure("127.0.0.1")


@pytest.fixture
def impostor() -> Iterator[Host]:
    yield from secure("api.example")


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    path = tmp_path / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(path)
    return str(path)


def url(host: Host) -> str:
    return f"https://127.0.0.1:{host.server_port}"


def test_connections_of_all_threads_share_what_was_read_of_the_ca_bundle(
    tls: Host, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    read: list[object] = []
    original = ssl.SSLContext.load_verify_locations

    def load(context: ssl.SSLContext, *source: Any) -> None:  # noqa: ANN401 - ssl's own
        read.append(source)
        original(context, *source)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", load)
    client, together = client_of(url(tls)), threading.Barrier(8)

    def get(_number: int) -> None:
        together.wait()
        client.get("acme", "3f2a")

    with ThreadPoolExecutor(8) as pool:
        assert len([*pool.map(get, range(8))]) == 8
    assert len({request.connection for request in tls.asked}) == 8
    assert len(read) == 1


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize("scheme", ["https", "HTTPS"])
def test_an_authority_of_ones_own_is_accepted(
    tls: Host, bundle: str, monkeypatch: pytest.MonkeyPatch, variable: str, scheme: str
) -> None:
    monkeypatch.setenv(variable, bundle)
    client = client_of(url(tls).replace("https", scheme))
    for _ in range(3):
        client.get("acme", "3f2a")
    assert [request.headers["Authorization"] for request in tls.asked] == [f"Bearer {TOKEN}"] * 3
    assert len({request.connection for request in tls.asked}) == 1


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"CURL_CA_BUNDLE": ""},
        {"REQUESTS_CA_BUNDLE": ""},
        {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": "", "PYTHONHTTPSVERIFY": "0", "SSL_CERT_FILE": ""},
    ],
)
def test_nothing_in_the_environment_turns_verification_off(
    tls: Host, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UnreachableError, match=UNTRUSTED.format("")):
        client_of(url(tls)).create("acme", user_id="ada")
    assert tls.asked == []


@pytest.mark.parametrize("value", ["0", "false", "False", "no"])
@pytest.mark.parametrize("variable", VARIABLES)
def test_a_value_meant_to_turn_it_off_is_taken_for_a_file(
    tls: Host, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError) as caught:
        client_of(url(tls)).create("acme", user_id="ada")
    assert str(caught.value) == f"creating the session: not sent: cannot read the CA bundle {variable}"
    assert tls.asked == []


def test_a_file_without_certificates_is_none(tls: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bundle").write_text("hello")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "bundle"))
    with pytest.raises(
        UnreachableError, match=r" \(TLS handshake failed \(CA bundle: REQUESTS_CA_BUNDLE\)\); nothing was sent$"
    ):
        client_of(url(tls)).create("acme", user_id="ada")
    assert tls.asked == []


def test_a_certificate_for_another_name_fails_verification(
    impostor: Host, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    with pytest.raises(UnreachableError, match=UNTRUSTED.format(r" \(CA bundle: REQUESTS_CA_BUNDLE\)")):
        client_of(url(impostor)).create("acme", user_id="ada")
    assert impostor.asked == []


def garble(handler: BaseHTTPRequestHandler, _answer: object) -> None:
    """Send the response unencrypted."""
    socket.socket.send(handler.connection, b"HTTP/1.1 200 OK\r\n\r\n{}")


@pytest.mark.parametrize(("operation", "times"), [("create", 1), ("get", 4)])
def test_tls_that_breaks_after_the_request_is_a_lost_response(
    tls: Host, bundle: str, monkeypatch: pytest.MonkeyPatch, operation: str, times: int
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    monkeypatch.setattr("tests.client.conftest._Handler._answer", garble)
    client = client_of(url(tls))
    with pytest.raises(AnswerLostError):
        client.create("acme", user_id="ada") if operation == "create" else client.get("acme", "3f2a")
    assert len(tls.asked) == times


@contextmanager
def closing_on_exit(server: socket.socket) -> Iterator[None]:
    """End the thread that waits for connections."""
    try:
        yield
    finally:
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("how", ["reset", "end"])
def test_a_connection_closed_during_the_handshake_is_retried(how: str) -> None:
    def listen() -> int:
        for count in itertools.count():
            try:
                connection = server.accept()[0]
            except OSError:
                return count
            with connection:
                connection.recv(65536)
                if how == "reset":
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return 0

    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as threads:
        handshakes = threads.submit(listen)
        with (
            closing_on_exit(server),
            pytest.raises(UnreachableError, match=r" \(connection closed\); nothing was sent$"),
        ):
            client_of(f"https://127.0.0.1:{server.getsockname()[1]}").create("acme", user_id="ada")
        assert handshakes.result() == 4


def test_a_default_of_requests_that_others_changed_does_not_count(tls: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other providers share the process."""
    init = requests.Session.__init__

    def careless(session: requests.Session) -> None:
        init(session)
        session.verify = False

    monkeypatch.setattr(requests.Session, "__init__", careless)
    with warnings.catch_warnings(), pytest.raises(UnreachableError, match=UNTRUSTED.format("")):
        client_of(url(tls)).create("acme", user_id="ada")
    assert tls.asked == []
