"""Start Postgres, Dask and the emulator, run a fleet of 200 sessions on them, and clean up: ``make fleet``."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.support.emulator_server import Emulator
from tests.support.fleet_parts import MissingError, dask, postgres
from tests.support.fleet_world import COMMAND, World

SESSIONS: Final = 200
SHARDS: Final = 4
EVERY: Final = ("--every", "1h", "--days", "1")


def _main() -> int:
    with ExitStack() as stacks:
        try:
            backend = stacks.enter_context(postgres()).create("fleet")
        except MissingError as error:
            _say(str(error))
            return 2
        emulator = stacks.enter_context(Emulator())
        folder = Path(stacks.enter_context(tempfile.TemporaryDirectory()))
        world = World(folder, emulator, shards=SHARDS, backend=backend)
        world.declare(*(f"customer-{number:04}" for number in range(SESSIONS)))
        cluster = stacks.enter_context(dask(world.environment(), "127.0.0.1:0"))
        on_cluster = ("--scheduler", cluster.scheduler)
        steps = (("up", *on_cluster), ("status", "--api"), ("timeline", *EVERY), ("destroy", "--yes", *on_cluster))
        return max(_run(world, *step) for step in steps)


def _run(world: World, verb: str, *options: str) -> int:
    _say(f"\n$ quant-sessions fleet {verb} fleet.yaml {' '.join(options)}")
    command = [str(COMMAND), "fleet", verb, str(world.file), *options]
    return subprocess.run(command, env=world.environment(), check=False).returncode  # noqa: S603 - the command that is shown


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - it shows


if __name__ == "__main__":
    sys.exit(_main())
