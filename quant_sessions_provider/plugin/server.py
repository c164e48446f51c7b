"""The process: serves until its engine ends it or is gone, or somebody else does who means this process alone."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from select import select
from typing import Final

import grpc  # type: ignore[import-untyped] # it has no types of its own
from pulumi.runtime.proto import provider_pb2_grpc

from quant_sessions_provider.core.settings import DEBUG
from quant_sessions_provider.engine.debug_log import show_log
from quant_sessions_provider.plugin.servicer import Plugin

_MOST_BYTES: Final = 400 * 2**20
"""Pulumi's own limit."""
_OPTIONS: Final = [("grpc.max_receive_message_length", _MOST_BYTES), ("grpc.max_send_message_length", _MOST_BYTES)]
_THREADS: Final = 1024
"""They start as they are needed. Groups that wait for each other must leave some for the sessions of the first one."""
_LOOK_SECONDS: Final = 5
_CONNECT_SECONDS: Final = 2
_LINGER_SECONDS: Final = 0.5
_SIGNALS: Final = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)]


def main() -> None:
    """Serve on a free port, which is the first line on standard output; the last argument is the engine's address."""
    if os.environ.get(DEBUG):
        show_log()
    told = _listen()
    engine = sys.argv[-1] if len(sys.argv) > 1 and ":" in sys.argv[-1] else ""
    plugin = Plugin(engine)
    # A server that nothing refers to any more stops.
    _server, port = serve(plugin)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    _wait(told, engine, plugin)
    if plugin.has_failed:
        # Were it gone at once, the engine would interrupt a program that is about to end by itself.
        time.sleep(_LINGER_SECONDS)
    # Threads that still wait for an answer would keep the process.
    os._exit(0)


def serve(plugin: Plugin) -> tuple[grpc.Server, int]:
    """Start a server on a free port, which answers as many calls at a time as an engine makes."""
    server = grpc.server(ThreadPoolExecutor(_THREADS), options=_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(plugin, server)
    port: int = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def _listen() -> socket.socket:
    """Return a socket that is sent the number of each signal; an engine waits 5 seconds where its own is ignored."""
    near, far = socket.socketpair()
    far.settimeout(0)
    # Python's own handlers would come late on Windows, where no wait of the main thread is interrupted for them.
    signal.set_wakeup_fd(far.detach())
    for number in _SIGNALS:
        signal.signal(number, lambda *_: None)
    return near


def _wait(told: socket.socket, engine: str, plugin: Plugin) -> None:
    """Return once this process is told to end, or the engine is gone that started it.

    An engine ends its plugins by SIGINT. SIGTERM comes from what stops all processes at once, as systemd does: the
    engine then waits for the answers in flight, so the first one ends nothing but what would come after.
    """
    terminated = False
    while True:
        if not select([told], [], [], _LOOK_SECONDS)[0]:
            if engine and not _is_there(engine):
                return
        elif told.recv(1)[0] != signal.SIGTERM or terminated or not engine:
            return
        else:
            terminated = True
            plugin.cancel()


def _is_there(engine: str) -> bool:
    host, _, port = engine.rpartition(":")
    try:
        socket.create_connection((host, int(port)), _CONNECT_SECONDS).close()
    except ConnectionRefusedError:
        return False
    except (OSError, ValueError):
        # A busy machine, or one without free descriptors, proves nothing.
        return True
    return True


if __name__ == "__main__":
    main()
