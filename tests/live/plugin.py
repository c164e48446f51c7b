"""The pytest plugin that points acceptance tests to the service: ``make test-live`` alone loads it, with ``-p``."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.live.account import FOLDER, taken_account
from tests.live.edge import Edge
from tests.live.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.service import Service


@contextmanager
def live_service() -> Iterator[Service]:
    """Return the service for one module of tests. What they create is deleted at the end."""
    account = taken_account()
    with Edge(account, Ledger.create(Path(os.environ[FOLDER]), account)) as edge:
        yield edge
