"""The connection that a request came on, for faults that drop it or delay its response."""

import asyncio
from collections.abc import Callable

from starlette.types import Scope


class Connection:
    """A client connection; ``close`` closes it once everything written to it has been sent."""

    def __init__(self, close: Callable[[], None]) -> None:
        self._close = close
        self._closed = asyncio.Event()
        self._interrupted = asyncio.Event()

    def mark_closed(self) -> None:
        """Record that one of the two sides closed the connection."""
        self._closed.set()
        self.interrupt()

    def interrupt(self) -> None:
        """End every sleep: the client is gone, or the server is shutting down."""
        self._interrupted.set()

    async def drop(self) -> None:
        """Close the connection without a response."""
        self._close()
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


def get_connection(scope: Scope) -> Connection:
    """Return the connection of a request; on a server other than ours, dropping it raises ConnectionAbortedError."""
    connection = scope.get("state", {}).get("connection")
    return connection if isinstance(connection, Connection) else Connection(_abort)


def _abort() -> None:
    raise ConnectionAbortedError("dropped by a fault")
