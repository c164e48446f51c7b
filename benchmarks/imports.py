"""Measure what importing the package adds to a program that has imported Pulumi."""

from __future__ import annotations

import subprocess
import sys
from statistics import median
from typing import Final

_TIMED: Final = """\
import time
import pulumi.dynamic
start = time.perf_counter()
from quant_sessions_provider import Session
print((time.perf_counter() - start) * 1000)
"""
_ROUNDS: Final = 9


def import_ms() -> float:
    """Return the median of several fresh processes, in milliseconds."""
    return median(_once() for _ in range(_ROUNDS))


def _once() -> float:
    return float(subprocess.run([sys.executable, "-c", _TIMED], check=True, capture_output=True, text=True).stdout)
