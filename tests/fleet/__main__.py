"""Disturb fleets in every way that a cluster is disturbed, with the real parts: ``make fleet-test``.

After each, one more run is to lead to what is declared: a session for each user, no lock, nothing pending, no process.
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.fleet.disturbances import (
    Parts,
    a_ctrl_c,
    a_ctrl_c_on_a_cluster,
    a_database_that_restarts,
    a_fleet_that_is_kept,
    a_machine_that_dies,
    a_scheduler_that_is_killed,
    a_shard_that_fails_once,
    a_worker_that_is_killed,
    an_empty_database,
    an_object_store,
    two_fleets_at_once,
)
from tests.support.emulator_server import Emulator
from tests.support.fleet_parts import MissingError, postgres

if TYPE_CHECKING:
    from collections.abc import Callable

DISTURBANCES: Final[tuple[Callable[[Parts], None], ...]] = (
    an_empty_database,
    a_worker_that_is_killed,
    a_scheduler_that_is_killed,
    a_machine_that_dies,
    a_shard_that_fails_once,
    a_database_that_restarts,
    two_fleets_at_once,
    a_ctrl_c,
    a_ctrl_c_on_a_cluster,
    a_fleet_that_is_kept,
    an_object_store,
)


def _main(names: list[str]) -> int:
    began = time.monotonic()
    unknown = {*names} - {disturb.__name__ for disturb in DISTURBANCES}
    if unknown:
        _say(f"There is no {', '.join(sorted(unknown))}")
        return 2
    with ExitStack() as stacks:
        try:
            server = stacks.enter_context(postgres())
            emulator = stacks.enter_context(Emulator())
            parts = Parts(emulator, server, Path(stacks.enter_context(tempfile.TemporaryDirectory())), count())
            for disturb in DISTURBANCES:
                if not names or disturb.__name__ in names:
                    start = time.monotonic()
                    disturb(parts)
                    _say(f"{disturb.__name__}: {time.monotonic() - start:.0f} seconds")
        except MissingError as error:
            _say(str(error))
            return 2
    _say(f"{time.monotonic() - began:.0f} seconds")
    return 0


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the report


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
