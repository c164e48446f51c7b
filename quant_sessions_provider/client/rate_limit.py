"""The client-side rate limit, shared by all threads."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from quant_sessions_provider.client.deadline import Deadline

_log: Final = logging.getLogger("quant_sessions_provider")


class RateLimiter:
    """Spaces requests evenly; None means no limit. A burst would only hit the API's own limit sooner."""

    def __init__(self, per_second: float | None, now: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._interval = 1 / per_second if per_second else 0.0
        self._now, self._sleep = now, sleep
        self._lock = threading.Lock()
        self._next = now()

    def acquire(self, deadline: Deadline) -> bool:
        """Wait for the next slot; return False at once, and leave it to others, if it is due after the deadline."""
        pause = self._reserve(deadline.left())
        if pause:
            _log.info("waiting %.3g s: rate limited (requestsPerSecond)", pause)
            self._sleep(pause)
        return pause is not None

    def _reserve(self, seconds_left: float) -> float | None:
        with self._lock:
            now = self._now()
            slot = max(now, self._next)
            if slot - now >= seconds_left:
                return None
            self._next = slot + self._interval
            return slot - now
