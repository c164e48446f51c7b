"""A request on its own socket, to see every byte of the response and when it arrived."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

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
    with socket.create_connection(("127.0.0.1", int(emulator.url.rpartition(":")[2])), timeout=10) as line:
        line.sendall(head.encode() + content)
        yield line


def received(line: socket.socket) -> Bytes:
    answer = Bytes()
    while piece := line.recv(65536):
        answer.everything += piece
        answer.arrivals.append(time.monotonic())
    return answer


def exchange(emulator: Emulator, method: str, path: str, body: object | None = None) -> Bytes:
    with sent(emulator, method, path, body) as line:
        return received(line)
