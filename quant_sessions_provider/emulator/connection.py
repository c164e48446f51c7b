"""The connection that a request came on, for faults and behaviours that HTTP or uvicorn do not allow."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from starlette.types import Scope


class AsyncioTransport(Protocol):
    """The part of an asyncio transport that a connection needs."""

    def write(self, data: bytes) -> None:
        """Send bytes."""

    def close(self) -> None:
        """Close the connection once everything written to it has been sent."""


class Connection:
    """A client connection, which uvicorn uses as its transport."""

    def __init__(self, transport: AsyncioTransport) -> None:
        self._transport = transport
        self._held: bytearray | None = None
        self._closing = False
        self._closed = asyncio.Event()
        self._interrupted = asyncio.Event()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any attribute of a transport
        """Return an attribute of the transport."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send bytes; uvicorn's own responses come this way too."""
        if self._held is None:
            self._transport.write(data)
        else:
            self._held += data

    def close(self) -> None:
        """Close the connection once everything written to it has been sent."""
        if self._held is None:
            self._transport.close()
        else:
            self._closing = True

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Send in one piece what is written in the block, so that none of it arrives later than the rest."""
        self._held = bytearray()
        try:
            yield
        finally:
            held, self._held = bytes(self._held), None
            self._transport.write(held)
            if self._closing:
                self._transport.close()

    def mark_closed(self) -> None:
        """Record that one of the two sides closed the connection."""
        self._closed.set()
        self.interrupt()

    def interrupt(self) -> None:
        """End every sleep: the client is gone, or the server is shutting down."""
        self._interrupted.set()

    async def drop(self) -> None:
        """Close the connection without a response."""
        self.close()
        # uvicorn logs an error for a request without a response, unless it has seen the connection close.
        await self._closed.wait()

    async def sleep(self, seconds: float) -> bool:
        """Sleep, and return whether the sleep was interrupted."""
        if not seconds:
            return self._interrupted.is_set()
        try:
            await asyncio.wait_for(self._interrupted.wait(), seconds)
        except asyncio.TimeoutError:
            return False
        return True


class _NoTransport:
    """Stands in for the transport on a server other than ours."""

    def write(self, _data: bytes) -> None:
        raise ConnectionAbortedError("raw bytes can only be sent by EmulatorServer")

    def close(self) -> None:
        raise ConnectionAbortedError("dropped by a fault")


def get_connection(scope: Scope) -> Connection:
    """Return the connection of a request; on a server other than ours, writing to it or closing it raises an error."""
    connection = scope.get("state", {}).get("connection")
    return connection if isinstance(connection, Connection) else Connection(_NoTransport())
