"""Settings of all tests."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# A busy machine is slow, not wrong.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_xdist_auto_num_workers() -> int:
    """Run one more worker than there are processors: tests of the engine also wait for its processes."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    """Undo what QUANTCDN_DEBUG does to the log of a process."""
    logger = logging.getLogger("quant_sessions_provider")
    handlers, level = [*logger.handlers], logger.level
    yield
    logger.handlers[:] = handlers
    logger.setLevel(level)
