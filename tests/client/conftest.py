"""A server on loopback that records requests and plays the given responses in order."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Literal

import pytest

from quant_sessions_provider.client.sessions import Client
from quant_sessions_provider.client.transport import Transport
from quant_sessions_provider.core.settings import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Self

TOKEN = "sk-hunter2"
UNSAID = object()


@dataclass(frozen=True)
class Asked:
    """A request as it was received."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: tuple[str, int]

    @property
    def line(self) -> str:
        return f"{self.method} {self.target}"

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """A response to play; or drop the connection before or after reading the body, stop listening, or hang.

    The body is JSON, or raw as bytes or a text; by default it names a created session, and is empty for the rest.
    """

    status: int = 200
    body: Any = UNSAID
    headers: dict[str, str] = field(default_factory=dict)
    drop: Literal["", "before", "after", "for good", "hold"] = ""
    late: float = 0

    def payload(self, method: str) -> bytes:
        body = ({"sessionId": "3f2a"} if method == "POST" else {}) if self.body is UNSAID else self.body
        if isinstance(body, bytes):
            return body
        return body.encode() if isinstance(body, str) else json.dumps(body).encode()


class Host(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[Asked] = []
        self.answers: deque[Answer] = deque()
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def lines(self) -> list[str]:
        return [request.line for request in self.asked]

    def play(self, *answers: Answer) -> None:
        """Play these responses, one per request, and empty objects from then on."""
        self.answers.extend(answers)

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore connections that tests break."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Host

    def _play(self) -> None:
        answer = self.server.answers.popleft() if self.server.answers else Answer()
        length = 0 if answer.drop == "before" else int(self.headers.get("Content-Length", 0))
        headers, body = dict(self.headers.items()), self.rfile.read(length)
        self.server.asked.append(Asked(self.command, self.path, headers, body, self.client_address))
        self.close_connection = bool(answer.drop)
        if answer.drop == "for good":
            self.server.socket.close()
        elif answer.drop == "hold":
            self.server.over.wait(60)
        elif not answer.drop:
            time.sleep(answer.late)
            self._answer(answer)

    do_GET = do_POST = do_PUT = do_DELETE = _play  # noqa: N815 - http.server's names

    def _answer(self, answer: Answer) -> None:
        payload = answer.payload(self.command)
        self.send_response(answer.status)
        for name, value in ({"Content-Length": str(len(payload))} | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_args: object) -> None:
        """Keep the tests' output clean."""


@pytest.fixture(autouse=True)
def _no_variables_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "netrc", "requests_ca_bundle", "curl_ca_bundle"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def host() -> Iterator[Host]:
    with Host() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


class Clock:
    """Time that only passes while someone sleeps."""

    def __init__(self) -> None:
        self.time = 0.0
        self.pauses: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.time += seconds


class Script:
    """A server that reads each request, sends raw bytes and closes the connection.

    With ``drip`` it first sends these bytes again and again, ``every`` so many seconds, until the client disconnects.
    """

    def __init__(self, said: bytes, drip: bytes = b"", every: float = 0.005) -> None:
        self.said, self.drip, self.every = said, drip, every
        self.heard: list[bytes] = []
        self._over = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        # After all requests that wait to be accepted comes one without any bytes, which ends the thread.
        with socket.create_connection(self._socket.getsockname()):
            pass
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while True:
            connection = self._socket.accept()[0]
            with connection, suppress(OSError):
                request = connection.recv(65536)
                if not request and self._over.is_set():
                    return
                self._play(connection, request)

    def _play(self, connection: socket.socket, request: bytes) -> None:
        # A TLS handshake has no such end, and no response to wait for.
        while request.startswith((b"GET", b"PUT", b"POST", b"DELETE")) and not is_whole(request):
            more = connection.recv(65536)
            if not more:
                return
            request += more
        self.heard.append(request)
        connection.sendall(self.said)
        while self.drip and not self._over.wait(self.every):
            connection.sendall(self.drip)


def is_whole(request: bytes) -> bool:
    head, end, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *([0-9]+)", head)
    return bool(end) and len(body) >= (int(length[1]) if length else 0)


def nowhere() -> str:
    """Return a loopback URL at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        return f"http://127.0.0.1:{unused.getsockname()[1]}"


def client_of(url: str, clock: Clock | None = None, **settings: str) -> Client:
    """Return the real client, with no pause between retries; with a clock, it sleeps by that."""
    raw = {
        "bearer": TOKEN,
        "baseUrl": url,
        "baseDelayMs": "0",
        "enableJitter": "false",
        "timeoutSeconds": "5",
    } | settings
    read = load({f"quant-sessions:{key}": value for key, value in raw.items()}.get, {})
    return Client(lambda: Transport(read, clock.now, clock.sleep) if clock else Transport(read))


@pytest.fixture
def client(host: Host) -> Client:
    return client_of(host.url)
