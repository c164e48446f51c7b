"""Connections of the provider that lead into a world instead of the network."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from urllib3.exceptions import NewConnectionError

from quant_sessions_provider.client import connection
from quant_sessions_provider.client.sessions import Client
from quant_sessions_provider.client.transport import Transport
from quant_sessions_provider.core import settings as config
from quant_sessions_provider.operations.crud import Operations
from quant_sessions_provider.provider import SessionProvider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulumi.dynamic import ConfigureRequest

    from tests.chaos.world import World


class _Socket(socket.socket):
    """One end of a pair. What is sent has its answer at the other end before the sending is over."""

    def __init__(self, world: World) -> None:
        near, self._far = socket.socketpair()
        super().__init__(near.family, near.type, near.proto, fileno=near.detach())
        self._world, self._request = world, b""

    def sendall(self, data: Any, *_flags: int) -> None:  # noqa: ANN401 - the base's own
        self._request += bytes(data)
        answer = self._world.answer(self._request)
        if answer is None:
            return
        self._request = b""
        self._far.sendall(answer[0])
        if not answer[1]:
            self._far.close()

    def close(self) -> None:
        self._far.close()
        super().close()


@contextmanager
def leading_into(world: World) -> Iterator[None]:
    """Connect everything in this process to a world."""

    class Connection(connection._DeadlineConnection):  # noqa: SLF001 - the product has no seam here, and needs none
        def _new_conn(self) -> socket.socket:
            if not world.lets_in():
                raise NewConnectionError(self, "refused")
            return _Socket(world)

    before = connection._HTTPPool.ConnectionCls  # noqa: SLF001 - as above
    connection._HTTPPool.ConnectionCls = Connection  # noqa: SLF001 - as above
    try:
        yield
    finally:
        connection._HTTPPool.ConnectionCls = before  # noqa: SLF001 - as above


class WorldlyProvider(SessionProvider):
    """The provider, on the clock of a world."""

    def __init__(self, world: World) -> None:
        self._clock = world.clock

    def configure(self, req: ConfigureRequest) -> None:
        settings = config.load(req.config.get, {})
        transport = Transport(settings, self._clock.monotonic, self._clock.sleep)
        self._settings_error = None
        self._operations = Operations(Client(lambda: transport), settings, lambda _: None, self._clock.now)
