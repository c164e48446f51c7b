"""The moment by which an operation must be over, retries, pauses and slow answers included."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONGEST: Final = 1_000_000.0
"""Seconds; sockets take no timeout of more than 24 days."""


class Deadline:
    """So many seconds from now, by a clock that is given."""

    def __init__(self, seconds: float, now: Callable[[], float]) -> None:
        self._now, self._end = now, now() + seconds

    def left(self) -> float:
        """Give the seconds left; 0 when it has passed."""
        return max(0.0, self._end - self._now())


# A connection outlives the operation that opened it, and urllib3 hands nothing of ours down to it.
_current: Final[ContextVar[Deadline]] = ContextVar("deadline")


@contextmanager
def running(deadline: Deadline) -> Iterator[Deadline]:
    """Make it the deadline of all connections of this thread."""
    before = _current.set(deadline)
    try:
        yield deadline
    finally:
        _current.reset(before)


def seconds_left() -> float:
    """Give the seconds that this thread's operation has left, as a timeout for a socket.

    Raises:
        TimeoutError: none are; for a socket, 0 would mean not to wait.

    """
    left = _current.get().left()
    if not left:
        raise TimeoutError("the operation's time is over")
    return min(left, LONGEST)
