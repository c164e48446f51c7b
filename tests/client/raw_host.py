"""A server that sends raw bytes and keeps its connections, whatever it has sent on them."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from tests.client.conftest import is_whole

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    from typing_extensions import Self


class RawHost:
    """Sends the next of its responses for each request; ``received`` has a line per request, by its connection.

    Bytes in ``unasked`` follow the response of the same position, in a segment of their own.
    """

    def __init__(self, *responses: bytes, unasked: Iterable[bytes] = (), context: ssl.SSLContext | None = None) -> None:
        self._responses, self._unasked, self._context = list(responses), list(unasked), context
        self.received: list[tuple[int, str]] = []
        self.sent = threading.Semaphore(0)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._connections: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._listen, daemon=True)]

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://{self.address}"

    @property
    def connections(self) -> list[int]:
        """The connection of each request, numbered from 0."""
        return [connection for connection, _ in self.received]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_error: object) -> None:
        for each in (self._socket, *self._connections):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for each in (self._socket, *self._connections):
            each.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                connection = self._socket.accept()[0]
                if self._context:
                    connection = self._context.wrap_socket(connection, server_side=True)
                number = len(self._connections)
                self._connections.append(connection)
                thread = threading.Thread(target=self._serve, args=(number, connection), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, number: int, connection: socket.socket) -> None:
        request = b""
        with suppress(OSError):
            while chunk := connection.recv(65536):
                request += chunk
                if is_whole(request):
                    self._answer(number, request, connection)
                    request = b""

    def _answer(self, number: int, request: bytes, connection: socket.socket) -> None:
        self.received.append((number, request.split(b" HTTP/")[0].decode()))
        if self._responses:
            connection.sendall(self._responses.pop(0))
        if self._unasked and (more := self._unasked.pop(0)):
            connection.sendall(more)
        self.sent.release()
