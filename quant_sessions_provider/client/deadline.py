"""The deadline of an operation, which covers its retries, pauses and slow responses."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_TIMEOUT: Final = 1_000_000.0
"""Seconds; sockets accept no timeout of more than 24 days."""


class Deadline:
    """A number of seconds from now, by the given clock."""

    def __init__(self, seconds: float, now: Callable[[], float]) -> None:
        self._now, self._end = now, now() + seconds

    def left(self) -> float:
        """Return the seconds left; 0 once the deadline has passed."""
        return max(0.0, self._end - self._now())

    def half(self) -> Deadline:
        """Return a deadline after half of the time left."""
        return Deadline(self.left() / 2, self._now)


# A connection outlives the operation that opened it, and urllib3 passes nothing of ours down to it.
_current: Final[ContextVar[Deadline]] = ContextVar("deadline")


@contextmanager
def running(deadline: Deadline) -> Iterator[Deadline]:
    """Apply a deadline to every connection that this thread uses."""
    before = _current.set(deadline)
    try:
        yield deadline
    finally:
        _current.reset(before)


@contextmanager
def half_of_the_time() -> Iterator[None]:
    """Apply a deadline at half of the time that this thread's operation has left."""
    with running(_current.get().half()):
        yield


def seconds_left() -> float:
    """Return the seconds left to this thread's operation, as a timeout for a socket.

    Raises:
        TimeoutError: the deadline has passed; a socket would take 0 for "do not block".

    """
    left = _current.get().left()
    if not left:
        raise TimeoutError("deadline exceeded")
    return min(left, MAX_TIMEOUT)
