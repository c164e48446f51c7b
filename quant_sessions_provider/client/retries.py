"""Whether a request is retried, and after how long: urllib3's rules with a few changes."""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING, Final

from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

    from quant_sessions_provider.core.settings import Settings

_TRANSIENT: Final = (408, 429, 500, 502, 503, 504, *range(520, 530))
"""520 to 529 are those of content delivery networks whose origin fails."""
_NOT_PROCESSED: Final = (429,)


class Retries(Retry):
    """Decides but does not sleep: the caller does, since it knows the deadline."""

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Return the seconds of Retry-After; None if it is invalid: too many digits for `int`, an impossible date."""
        self.retry_after_max = sys.maxsize  # newer versions of urllib3 cap it at 6 hours, but errors quote it
        try:
            seconds = super().get_retry_after(response)
        except (InvalidHeader, ValueError, OverflowError, TypeError, IndexError):
            return None
        return seconds and min(seconds, sys.maxsize)

    def get_backoff_time(self) -> float:
        """Return the seconds of backoff; also before the first retry, where urllib3 has none."""
        jitter = random.random() * self.backoff_jitter  # noqa: S311 - spreads load, protects nothing
        pause = self.backoff_factor * 2.0 ** (len(self.history) - 1) + jitter
        return max(0.0, min(self.backoff_max, pause))

    def pause(self, response: BaseHTTPResponse | None) -> float:
        """Return the seconds to wait before the next attempt: Retry-After if there is one, else the backoff."""
        retry_after = None if response is None else self.get_retry_after(response)
        return retry_after or self.get_backoff_time()


def retries(settings: Settings, *, idempotent: bool) -> Retries:
    """Return the retry policy of one request; ``idempotent`` means that sending it twice has the effect of once."""
    total, base = settings.max_retries, settings.base_delay_ms / 1000
    return Retries(
        total=total,
        read=total if idempotent else 0,
        other=0,
        allowed_methods=None,
        status_forcelist=_TRANSIENT if idempotent else _NOT_PROCESSED,
        backoff_factor=base,
        backoff_max=settings.max_delay_ms / 1000,
        backoff_jitter=base if settings.enable_jitter else 0.0,
    )
