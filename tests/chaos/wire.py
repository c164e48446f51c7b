"""Connect the provider to a world instead of the network."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from urllib3.exceptions import NewConnectionError

from quant_sessions_provider.client import connection
from quant_sessions_provider.client.sessions import Client
from quant_sessions_provider.client.transport import Transport
from quant_sessions_provider.core import settings as config
from quant_sessions_provider.operations.crud import Operations
from quant_sessions_provider.plugin.servicer import Plugin
from quant_sessions_provider.provider import SessionProvider
from tests.support.mini_dynamic import DynamicHost
from tests.support.mini_plugin import PluginHost

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi.dynamic import ConfigureRequest

    from quant_sessions_provider.core.settings import Settings
    from tests.chaos.world import World
    from tests.support.mini_host import Host


class _Socket(socket.socket):
    """One end of a socket pair. The response is at the other end before ``sendall`` returns."""

    def __init__(self, world: World) -> None:
        near, self._peer = socket.socketpair()
        super().__init__(near.family, near.type, near.proto, fileno=near.detach())
        self._world, self._request = world, b""

    def sendall(self, data: Any, *_flags: int) -> None:  # noqa: ANN401 - the base's own
        self._request += bytes(data)
        response = self._world.respond(self._request)
        if response is None:
            return
        self._request = b""
        self._peer.sendall(response[0])
        if not response[1]:
            self._peer.close()

    def close(self) -> None:
        self._peer.close()
        super().close()


@contextmanager
def connected_to(world: World) -> Iterator[None]:
    """Connect all clients in this process to a world."""

    class Connection(connection._DeadlineConnection):  # noqa: SLF001 - only this test needs to replace it
        def _new_conn(self) -> socket.socket:
            if not world.accepts_connection():
                raise NewConnectionError(self, "refused")
            return _Socket(world)

    before = connection._HTTPPool.ConnectionCls  # noqa: SLF001 - as above
    connection._HTTPPool.ConnectionCls = Connection  # noqa: SLF001 - as above
    try:
        yield
    finally:
        connection._HTTPPool.ConnectionCls = before  # noqa: SLF001 - as above


def host_in(world: World, seed: int, configuration: dict[str, str]) -> Host:
    """Return the host of a seed: half of them have the plugin, of which half is attached."""
    if seed % 2:
        return DynamicHost(configuration, lambda: _WorldProvider(world))
    return PluginHost(configuration, lambda: _plugin_in(world), attached=not seed % 4)


def _client_in(world: World, settings: Settings) -> Client:
    transport = Transport(settings, world.clock.monotonic, world.clock.sleep)
    return Client(lambda: transport)


def _plugin_in(world: World) -> Plugin:
    return Plugin(
        connect=lambda settings: _client_in(world, settings), operate=partial(Operations, now=world.clock.now)
    )


class _WorldProvider(SessionProvider):
    """The provider with the clock of a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def configure(self, req: ConfigureRequest) -> None:
        settings = config.load(req.config.get, {})
        self._settings_error, self._planned, self._existing = None, {}, set()
        client, now = _client_in(self._world, settings), self._world.clock.now
        self._operations = Operations(client, settings, lambda *_: None, now)
