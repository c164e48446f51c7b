"""The connection a request came on, for faults: hung up without an answer, or kept waiting."""

import asyncio
from collections.abc import Callable

from starlette.types import Scope


class Line:
    """A connection; ``close`` closes it after what was written has been sent."""

    def __init__(self, close: Callable[[], None]) -> None:
        self._close = close
        self._lost = asyncio.Event()
        self._hurried = asyncio.Event()

    def lost(self) -> None:
        """Say that it is closed, by whichever side."""
        self._lost.set()
        self.hurry()

    def hurry(self) -> None:
        """Let no one wait any longer: the other side is gone, or the server ends."""
        self._hurried.set()

    async def hang_up(self) -> None:
        """Close it; nothing can be answered afterwards."""
        self._close()
        # The server complains about a request without an answer unless it knows that nobody waits for one.
        await self._lost.wait()

    async def pause(self, seconds: float) -> bool:
        """Wait; true if it is no use to wait any more."""
        if not seconds:
            return self._hurried.is_set()
        try:
            await asyncio.wait_for(self._hurried.wait(), seconds)
        except asyncio.TimeoutError:
            return False
        return True


def line_of(scope: Scope) -> Line:
    """Find the line of a request; outside of our server there is none, and a drop is a ConnectionAbortedError."""
    line = scope.get("state", {}).get("line")
    return line if isinstance(line, Line) else Line(_abort)


def _abort() -> None:
    raise ConnectionAbortedError("dropped by a fault")
