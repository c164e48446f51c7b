"""Requests on a socket of the test's own, to see every byte of a response and when it arrived."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import h11

from tests.emulator.calls import ORGANISATION
from tests.support.emulator_server import Emulator

SESSIONS = f"/api/v3/organizations/{ORGANISATION}/ai/sessions"


@dataclass
class Bytes:
    """Everything that arrived until the server closed the connection."""

    everything: bytes = b""
    arrivals: list[float] = field(default_factory=list)

    @property
    def status(self) -> int:
        return int(self.everything.split()[1])

    @property
    def body(self) -> bytes:
        return self.everything.partition(b"\r\n\r\n")[2]

    def header(self, name: str) -> str | None:
        lines = self.everything.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        return dict(line.lower().split(": ", 1) for line in lines).get(name.lower())


@contextmanager
def sent(emulator: Emulator, method: str, path: str, body: object | None = None) -> Iterator[socket.socket]:
    """Send a request; the block may read the response, or disconnect."""
    content = b"" if body is None else json.dumps(body).encode()
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer x\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", _port(emulator)), timeout=10) as line:
        line.sendall(head.encode() + content)
        yield line


@dataclass
class Response:
    """A final response with the status of everything up to it, interim responses first."""

    statuses: list[int] = field(default_factory=list)
    body: bytes = b""


class KeptConnection:
    """A connection that several requests share; h11 parses what arrives."""

    def __init__(self, line: socket.socket) -> None:
        self._line, self._parser = line, h11.Connection(h11.CLIENT)

    def get(self, path: str = SESSIONS) -> Response:
        """Send a GET, and return the next final response that arrives."""
        if self._parser.our_state is h11.DONE:
            self._parser.start_next_cycle()
        request = h11.Request(method="GET", target=path, headers=[("Host", "127.0.0.1"), ("Authorization", "Bearer x")])
        for sending in (request, h11.EndOfMessage()):
            self._line.sendall(self._parser.send(sending) or b"")
        response = Response()
        while not isinstance(event := self._parser.next_event(), h11.EndOfMessage):
            if isinstance(event, (h11.InformationalResponse, h11.Response)):
                response.statuses.append(event.status_code)
            elif isinstance(event, h11.Data):
                response.body += event.data
            else:
                self._parser.receive_data(self._line.recv(65536))
        return response

    def trailing(self, count: int = 0) -> bytes:
        """Return the bytes that arrived after the response; wait until there are so many."""
        trailing = self._parser.trailing_data[0]
        return trailing + self._line.recv(max(0, count - len(trailing)), socket.MSG_WAITALL)


@contextmanager
def kept_connection(emulator: Emulator) -> Iterator[KeptConnection]:
    with socket.create_connection(("127.0.0.1", _port(emulator)), timeout=10) as line:
        yield KeptConnection(line)


def _port(emulator: Emulator) -> int:
    return int(emulator.url.rpartition(":")[2])


def received(line: socket.socket) -> Bytes:
    answer = Bytes()
    while piece := line.recv(65536):
        answer.everything += piece
        answer.arrivals.append(time.monotonic())
    return answer


def exchange(emulator: Emulator, method: str, path: str, body: object | None = None) -> Bytes:
    with sent(emulator, method, path, body) as line:
        return received(line)
