"""What is sent again, and after what pause: urllib3's own rules, with our few changes."""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING, Final

from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

    from quant_sessions_provider.core.settings import Settings

_PASSING: Final = (408, 429, 500, 502, 503, 504)
_REFUSED: Final = (429,)


class Retries(Retry):
    """Decides; it does not sleep. That is left to who knows how much time there is."""

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Take a Retry-After that makes no sense for none. Numbers may be too long for `int`, dates not exist."""
        self.retry_after_max = sys.maxsize  # newer versions of urllib3 cut it to 6 hours, and people are told of it
        try:
            asked = super().get_retry_after(response)
        except (InvalidHeader, ValueError, OverflowError, TypeError, IndexError):
            return None
        return asked and min(asked, sys.maxsize)

    def get_backoff_time(self) -> float:
        """Pause before the first repetition too; urllib3 makes none."""
        jitter = random.random() * self.backoff_jitter  # noqa: S311 - spreads load, guards nothing
        pause = self.backoff_factor * 2.0 ** (len(self.history) - 1) + jitter
        return max(0.0, min(self.backoff_max, pause))

    def pause(self, response: BaseHTTPResponse | None) -> float:
        """Give the seconds to wait before the next attempt: what the answer asks for, else the backoff."""
        asked = None if response is None else self.get_retry_after(response)
        return asked or self.get_backoff_time()


def retries(settings: Settings, *, idempotent: bool) -> Retries:
    """Make the rules of one request. ``idempotent``: sending it twice changes nothing."""
    total, base = settings.max_retries, settings.base_delay_ms / 1000
    return Retries(
        total=total,
        read=total if idempotent else 0,
        other=0,
        allowed_methods=None,
        status_forcelist=_PASSING if idempotent else _REFUSED,
        backoff_factor=base,
        backoff_max=settings.max_delay_ms / 1000,
        backoff_jitter=base if settings.enable_jitter else 0.0,
    )
