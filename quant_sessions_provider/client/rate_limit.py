"""How fast requests may follow each other, over all threads."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from quant_sessions_provider.client.deadline import Deadline


class Pace:
    """Gives turns, evenly spaced; None stands for no limit. A burst would only meet the API's own limit sooner."""

    def __init__(self, per_second: float | None, now: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._gap = 1 / per_second if per_second else 0.0
        self._now, self._sleep = now, sleep
        self._lock = threading.Lock()
        self._next = now()

    def wait(self, deadline: Deadline) -> bool:
        """Wait for a turn; False, at once, if the next one comes too late. That turn is left to others."""
        pause = self._take(deadline.left())
        if pause:
            self._sleep(pause)
        return pause is not None

    def _take(self, left: float) -> float | None:
        with self._lock:
            now = self._now()
            turn = max(now, self._next)
            if turn - now >= left:
                return None
            self._next = turn + self._gap
            return turn - now
