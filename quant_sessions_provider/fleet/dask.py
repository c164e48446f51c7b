"""Runs shards on the workers of a Dask cluster; importing this needs the extra, and says so."""

from __future__ import annotations

import logging
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from quant_sessions_provider.core.errors import ConfigurationError
from quant_sessions_provider.core.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

PACKAGES: Final = ("dask", "distributed")
"""What the extra adds."""
MISSING: Final = "--scheduler needs the extra 'fleet': pip install 'quant-sessions-provider[fleet]'"
_CONNECT_SECONDS: Final = 10
_RETRIES: Final = 2

try:
    import distributed
except ModuleNotFoundError as error:
    if error.name not in PACKAGES:
        raise
    raise ConfigurationError(MISSING) from None


@dataclass(frozen=True)
class Cluster:
    """A cluster that runs shards: its executor, its threads, what asks them to end, and its dashboard's address."""

    executor: Executor
    slots: int
    switch: DaskSwitch
    dashboard: str


@dataclass(frozen=True)
class DaskSwitch:
    """Asks the shards of a run to end, wherever they run: an event that the scheduler has."""

    name: str

    def asked(self) -> bool:
        """Return whether to end."""
        # A worker that has lost its scheduler ends by itself.
        with suppress(OSError, ValueError):
            return bool(self._event().is_set())
        return False

    def ask(self) -> None:
        """Ask for the end."""
        # Without a scheduler nothing runs.
        with suppress(OSError, ValueError):
            self._event().set()

    def has_nobody(self) -> bool:
        """Return whether there is no worker that could be asked."""
        with suppress(OSError, ValueError):
            return not distributed.default_client().nthreads()
        return False

    def _event(self) -> Any:  # noqa: ANN401 - distributed has no types
        return distributed.Event(self.name)


@contextmanager
def connected(scheduler: str) -> Iterator[Cluster]:
    """Connect to the scheduler at an address, such as ``tcp://10.0.0.7:8786``.

    Raises:
        ConfigurationError: the extra is not installed, nothing answers there, or it has no workers.

    """
    # What becomes of shards is said in lines of their own, not in its tracebacks.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client = distributed.Client(scheduler, timeout=_CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"--scheduler: {one_line(str(error))}") from None
    with client:
        slots = sum(client.nthreads().values())
        if not slots:
            raise ConfigurationError(f"--scheduler: {one_line(scheduler)} has no workers")
        switch = DaskSwitch(f"quant-sessions-fleet-{uuid4()}")
        yield Cluster(client.get_executor(retries=_RETRIES, pure=False), slots, switch, client.dashboard_link)
