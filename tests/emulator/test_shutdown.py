"""The end of the emulator, with clients that come in the last moment."""

import asyncio
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest
import uvicorn

from quant_sessions_provider.emulator import EmulatorServer

# Turns of asyncio's loop after a client has connected. Before the third, asyncio itself gives the connection up. At the
# third it is accepted, but uvicorn does not know it yet when it closes all that it knows.
TURNS = [3, 4, 5]


@pytest.mark.parametrize("turns", TURNS)
def test_a_connection_of_the_last_moment_is_closed(
    turns: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clients: list[socket.socket] = []
    shutdown = uvicorn.Server.shutdown

    async def connect_then_shut_down(self: uvicorn.Server, sockets: Sequence[socket.socket] | None = None) -> None:
        assert sockets
        clients.append(socket.create_connection(sockets[0].getsockname()))
        for _ in range(turns):
            await asyncio.sleep(0)
        await shutdown(self, list(sockets))

    monkeypatch.setattr(uvicorn.Server, "shutdown", connect_then_shut_down)
    server = EmulatorServer(tmp_path / "data.db")
    server.start()
    server.stop()
    clients[0].settimeout(10)
    with clients[0] as client:
        assert client.recv(1) == b""
    assert [record.getMessage() for record in caplog.records] == []
