"""The emulator on a loopback port, in the foreground or in a thread of a test."""

import asyncio
import errno
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from quant_sessions_provider.emulator.app import create_app
from quant_sessions_provider.emulator.connection import Line
from quant_sessions_provider.emulator.errors import StartError
from quant_sessions_provider.emulator.faults import FaultSetup
from quant_sessions_provider.emulator.middleware import Gate
from quant_sessions_provider.emulator.store import Store

_HOST = "127.0.0.1"
_BACKLOG = 1024


class EmulatorServer:
    """The emulator with its data in ``database``, listening on ``port`` of 127.0.0.1 (0: any free one).

    Requests are accepted from here on and answered once it runs. Raises StartError, one line for a person,
    if the port or the file cannot be used. Use ``run``, or ``start`` and ``stop``.
    """

    def __init__(self, database: Path, port: int = 0, faults: FaultSetup | None = None) -> None:
        self._socket = _listen(port)
        try:
            self._store = Store(database)
        except StartError:
            self._socket.close()
            raise
        self._server = uvicorn.Server(_config(create_app(self._store, faults)))
        self._thread = threading.Thread(target=self._serve, name="emulator", daemon=True)
        self.url = f"http://{_HOST}:{self._socket.getsockname()[1]}"

    def run(self, announce: Callable[[], None]) -> None:
        """Serve in the foreground until SIGINT or SIGTERM; for the main thread.

        ``announce`` is called as soon as a signal would end it cleanly.
        """
        # uvicorn raises a signal again when it has stopped: that must not end the process a second way.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._interrupted)
        announce()
        self._serve()

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._server.should_exit = True
        self._thread.join()

    def _interrupted(self, _number: int, _frame: FrameType | None) -> None:
        self._server.should_exit = True

    def _serve(self) -> None:
        try:
            asyncio.run(self._server.serve(sockets=[self._socket]))
        finally:
            self._socket.close()
            self._store.close()


class Connection(H11Protocol):
    """A connection that gives each of its requests its line, as ``scope["state"]["line"]``."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's own
        """Begin."""
        super().connection_made(transport)
        self._line = Line(transport.close)
        self.app_state = {**self.app_state, "line": self._line}

    def connection_lost(self, exc: Exception | None) -> None:
        """End, whoever began it."""
        super().connection_lost(exc)
        self._line.lost()

    def shutdown(self) -> None:
        """Let the answer in hand, if there is one, be the last."""
        super().shutdown()
        self._line.hurry()


def _listen(port: int) -> socket.socket:
    # The protocol is named because asyncio sends small answers at once (TCP_NODELAY) only if it can read it
    # there; without it each request takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it lets a second program take the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_HOST, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise StartError(_unusable(port, error)) from error
    return listener


def _unusable(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use: choose another with --port"
    return f"cannot listen on port {port}: {error.strerror}"


def _config(app: Gate) -> uvicorn.Config:
    """Configure uvicorn: the same on every machine, silent, and logging left as the caller has it."""
    return uvicorn.Config(
        app,
        loop="asyncio",
        http=Connection,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="error",
        proxy_headers=False,
        server_header=False,
        # A client that pauses between runs must not meet a connection that is just being closed.
        timeout_keep_alive=300,
        timeout_graceful_shutdown=2,
    )
