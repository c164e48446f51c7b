"""Shows this package's log in the output of the engine, on request."""

from __future__ import annotations

import logging
import sys
from typing import Final


class _StderrHandler(logging.Handler):
    """Writes to the host's stderr, which the engine shows to the user."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record as one line."""
        sys.stderr.write(f"{self.format(record)}\n")


_HANDLER: Final = _StderrHandler()
_HANDLER.setFormatter(logging.Formatter("%(name)s: %(message)s"))


def show_log() -> None:
    """Write the log of requests, retries and waits to stderr, from now on; calling it again changes nothing."""
    logger = logging.getLogger("quant_sessions_provider")
    logger.addHandler(_HANDLER)
    logger.setLevel(logging.DEBUG)
