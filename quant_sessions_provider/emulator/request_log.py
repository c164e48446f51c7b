"""The log of API requests: in memory, bounded, without headers."""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

LogEntry = dict[str, Any]

_LENGTH = 100_000


class RequestLog:
    """The newest 100,000 requests; ``on_request`` is called with each."""

    def __init__(self, on_request: Callable[[LogEntry], None] | None = None) -> None:
        self._entries: deque[LogEntry] = deque(maxlen=_LENGTH)
        self._on_request = on_request
        self.total = 0
        """How many requests were logged so far, including those that are no longer in the log."""

    def __iter__(self) -> Iterator[LogEntry]:
        """Iterate over the entries, oldest first."""
        return iter(self._entries)

    def append(self, entry: LogEntry) -> None:
        """Add the newest entry."""
        self._entries.append(entry)
        self.total += 1
        if self._on_request:
            self._on_request(entry)

    def clear(self) -> int:
        """Remove all entries, and return how many there were."""
        count = len(self._entries)
        self._entries.clear()
        return count

    def since(self, total: int, limit: int) -> list[LogEntry]:
        """Return the entries added since ``total`` was that number, oldest first: the newest ``limit`` of them."""
        newest_first = islice(reversed(self._entries), min(self.total - total, limit))
        return list(newest_first)[::-1]
