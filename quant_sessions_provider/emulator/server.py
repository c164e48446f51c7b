"""The emulator on a loopback port, in the foreground or in a background thread."""

import asyncio
import errno
import functools
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from quant_sessions_provider.emulator.app import create_app
from quant_sessions_provider.emulator.connection import Connection
from quant_sessions_provider.emulator.errors import StartError
from quant_sessions_provider.emulator.faults import FaultSetup
from quant_sessions_provider.emulator.middleware import EmulatorMiddleware
from quant_sessions_provider.emulator.request_log import LogEntry
from quant_sessions_provider.emulator.store import Store

_HOST = "127.0.0.1"
_BACKLOG = 1024


class EmulatorServer:
    """The emulator on ``port`` of 127.0.0.1 (0: any free port), with its data in the file ``database``.

    The port is bound on construction; requests are answered after ``run`` or ``start``; ``on_request`` is called with
    the log entry of each API request. Raises StartError, whose message is one line, if the port or the file cannot be
    used.
    """

    def __init__(
        self,
        database: Path,
        port: int = 0,
        faults: FaultSetup | None = None,
        on_request: Callable[[LogEntry], None] | None = None,
    ) -> None:
        self._socket = _listen(port)
        try:
            self._store = Store(database)
        except StartError:
            self._socket.close()
            raise
        protocol = functools.partial(_HTTPProtocol, ended=self._ended)
        self._server = uvicorn.Server(_config(create_app(self._store, faults, on_request), protocol))
        self._thread = threading.Thread(target=self._serve, name="emulator", daemon=True)
        self.url = f"http://{_HOST}:{self._socket.getsockname()[1]}"

    def run(self, announce: Callable[[], None]) -> None:
        """Serve until SIGINT or SIGTERM; call it from the main thread.

        ``announce`` is called as soon as both signals are handled.
        """
        # uvicorn re-raises the signal after its shutdown; without these handlers that would kill the process.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle_signal)
        announce()
        self._serve()

    def start(self) -> None:
        """Serve in a background thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving, and wait for the background thread to end."""
        self._server.should_exit = True
        self._thread.join()

    def _ended(self) -> bool:
        return self._server.should_exit and not any(server.is_serving() for server in self._server.servers)

    def _handle_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._server.should_exit = True

    def _serve(self) -> None:
        try:
            asyncio.run(self._server.serve(sockets=[self._socket]))
        finally:
            self._socket.close()
            self._store.close()


class _HTTPProtocol(H11Protocol):
    """Passes the connection to each of its requests, as ``scope["state"]["connection"]``.

    ``ended`` tells whether the server has closed its port.
    """

    def __init__(self, *args: Any, ended: Callable[[], bool], **kwargs: Any) -> None:  # noqa: ANN401  # uvicorn's own
        super().__init__(*args, **kwargs)
        self._ended = ended

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's own
        """Handle a new connection."""
        self._connection = Connection(transport)
        super().connection_made(cast("asyncio.Transport", self._connection))
        self.app_state = {**self.app_state, "connection": self._connection}
        # One accepted in the last moment comes after uvicorn has closed all that it knew, and would be waited for.
        if self._ended():
            self.shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """Handle a closed connection, whichever side closed it."""
        super().connection_lost(exc)
        self._connection.mark_closed()

    def shutdown(self) -> None:
        """Close the connection after the current response, if there is one."""
        super().shutdown()
        self._connection.interrupt()


def _listen(port: int) -> socket.socket:
    # asyncio sets TCP_NODELAY only on sockets whose protocol is IPPROTO_TCP; without it each request takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # on Windows it would let a second process bind the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_HOST, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise StartError(_describe(port, error)) from error
    return listener


def _describe(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use: choose another with --port"
    return f"cannot listen on port {port}: {error.strerror}"


def _config(app: EmulatorMiddleware, protocol: Callable[..., asyncio.Protocol]) -> uvicorn.Config:
    """Return uvicorn's configuration: the same on every machine, silent, and without changes to logging."""
    return uvicorn.Config(
        app,
        loop="asyncio",
        http=cast("type[asyncio.Protocol]", protocol),
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="error",
        proxy_headers=False,
        server_header=False,
        # Long enough that a client that pauses between runs does not race with the closing of its connection.
        timeout_keep_alive=300,
        timeout_graceful_shutdown=2,
    )
