"""What happens to fleets, and what is to be so after one more run."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.fleet.shards import shard_of
from tests.support.fleet_parts import dask, keys_in, object_store
from tests.support.fleet_world import SHARDS, World, processes
from tests.support.killing import wait_until

if TYPE_CHECKING:
    from itertools import count
    from pathlib import Path

    from tests.support.emulator_server import Emulator
    from tests.support.fleet_parts import Postgres

USERS: Final = tuple(f"user-{number:02}" for number in range(20))
LATENCY_MS: Final = 1500
"""Long enough that whatever happens in mid-create does."""
PATIENT: Final = {"QUANTCDN_TIMEOUT_SECONDS": "5", "QUANTCDN_MAX_RETRIES": "0"}
"""An answer that does not come is waited for so long."""


@dataclass(frozen=True)
class Parts:
    """What the disturbances need."""

    emulator: Emulator
    server: Postgres
    folder: Path
    numbers: count[int]

    def world(self, **own: Any) -> World:  # noqa: ANN401 - those of World
        """Return a new fleet, whose state is in an empty database."""
        self.emulator.clear()
        number = next(self.numbers)
        backend = own.pop("backend", None) or self.server.create(f"fleet{number}")
        made = World(self.folder / str(number), self.emulator, backend=backend, variables=PATIENT, **own)
        made.declare(*USERS)
        return made

    def slow(self) -> None:
        """Have the API take its time."""
        self.emulator.faults([], latency_ms=LATENCY_MS)

    def created(self) -> int:
        """Return how many sessions there are."""
        return len(self.emulator.sessions())


def settled(world: World) -> list[str]:
    """Run the fleet once more, and see that all is as declared; return the notes of that run."""
    world.emulator.clear_faults()
    wait_until(lambda: not processes(world.emulator))
    code, lines = world.run("up", "--delete-orphans")
    assert code == 0, lines
    expected: dict[str, list[str]] = {f"{world.name}-{number:04}": [] for number in range(world.shards)}
    for user in USERS:
        expected[f"{world.name}-{shard_of(user, world.shards):04}"].append(user)
    assert world.users_in_state() == expected
    assert world.pending() == []
    assert processes(world.emulator) == []
    return [note for line in lines for note in line.get("notes", [])]


def all_are_there(parts: Parts, times: int = 1) -> None:
    """See that the API has a session for each user, and nothing else; then forget them."""
    found = Counter(str(session["userId"]) for session in parts.emulator.sessions())
    assert found == Counter(dict.fromkeys(USERS, times)), found
    for session in parts.emulator.sessions():
        parts.emulator.delete(session["organisation"], session["id"])


def no_lock(parts: Parts, world: World) -> None:
    """See that the database has no lock."""
    database = world.backend.rpartition("/")[2].partition("?")[0]
    table = parts.server.ask(database, "select tablename from pg_tables where schemaname = 'public'").strip()
    assert parts.server.ask(database, f"select key from {table} where key like '%.pulumi/locks/%'").strip() == ""  # noqa: S608 - our own names


# --- disturbances ----------------------------------------------------------------------------------------------


def an_empty_database(parts: Parts) -> None:
    """Begin with an empty database, on a cluster; a run again changes nothing."""
    world = parts.world()
    with dask(world.environment()) as cluster:
        code, lines = world.run("up", "--scheduler", cluster.scheduler)
        assert (code, len(lines)) == (0, SHARDS + 1), lines
        parts.emulator.clear()
        code, lines = world.run("up", "--scheduler", cluster.scheduler)
        assert [line["changes"] for line in lines[:-1]] == [{}] * SHARDS
        assert parts.emulator.requests() == []
    settled(world)
    no_lock(parts, world)
    all_are_there(parts)


def a_worker_that_is_killed(parts: Parts) -> None:
    """Kill a worker in mid-create: its Pulumi ends with it, and another worker takes its shard over."""
    world = parts.world()
    parts.slow()
    with dask(world.environment()) as cluster, world.start("up", "--scheduler", cluster.scheduler) as run:
        wait_until(parts.created)
        cluster.kill_worker()
        assert run.wait(300) == 0, run.text
    settled(world)
    no_lock(parts, world)
    all_are_there(parts)


def a_scheduler_that_is_killed(parts: Parts) -> None:
    """Kill the scheduler in mid-create: the command says so and ends, and so do the workers."""
    world = parts.world()
    parts.slow()
    with dask(world.environment()) as cluster, world.start("up", "--scheduler", cluster.scheduler) as run:
        wait_until(parts.created)
        cluster.kill_scheduler()
        assert run.wait(300) == 1, run.text
    settled(world)
    no_lock(parts, world)
    all_are_there(parts)


def a_machine_that_dies(parts: Parts) -> None:
    """Kill the command, its supervisors and Pulumi at once in mid-create: the lock is broken, for its owner is dead."""
    world = parts.world()
    parts.slow()
    with world.start("up") as run:
        wait_until(parts.created)
        # At once: an engine that sees its provider die would record that.
        everything = [*run.processes(), *processes(parts.emulator)]
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in everything:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
    notes = settled(world)
    assert any(note.startswith("broke the lock of a run that is dead") for note in notes), notes
    no_lock(parts, world)
    all_are_there(parts)


def a_shard_that_fails_once(parts: Parts) -> None:
    """Have one creation fail: its shard is named, and --only failed runs that shard alone."""
    world = parts.world()
    parts.emulator.fault("status", "before", method="POST", count=1, status=400)
    code, lines = world.run("up")
    failed = [line for line in lines[:-1] if line["outcome"] == "failed"]
    assert code == 1
    assert len(failed) == 1, lines
    assert "400" in failed[0]["error"], lines
    code, lines = world.run("up", "--only", "failed")
    assert Counter(line.get("outcome") for line in lines[:-1]) == {"done": 1, "skipped": SHARDS - 1}
    settled(world)
    no_lock(parts, world)
    all_are_there(parts)


def a_database_that_restarts(parts: Parts) -> None:
    """Stop and start Postgres in mid-create."""
    world = parts.world()
    parts.slow()
    with world.start("up") as run:
        wait_until(parts.created)
        parts.server.stop()
        # The answers come meanwhile.
        time.sleep(3 * LATENCY_MS / 1000)
        parts.server.start()
        run.wait(300)
    settled(world)
    no_lock(parts, world)
    all_are_there(parts)


def two_fleets_at_once(parts: Parts) -> None:
    """Run two fleets of the same users in one empty database, and kill one: the other one goes on."""
    one = parts.world(name="one")
    other = parts.world(name="other", backend=one.backend)
    parts.slow()
    with one.start("up") as first, other.start("up") as second:
        wait_until(parts.created)
        first.kill("engine")
        assert second.wait(300) == 0, second.text
    settled(one)
    settled(other)
    no_lock(parts, one)
    all_are_there(parts, times=2)


def a_ctrl_c(parts: Parts) -> None:
    """Interrupt the command: what is in flight is finished and recorded, and nothing is begun any more."""
    world = parts.world(parallel=1)
    parts.slow()
    with world.start("up") as run:
        wait_until(parts.created)
        run.interrupt()
        assert run.wait(300) == 130, run.text
    wait_until(lambda: not processes(world.emulator))
    no_lock(parts, world)
    assert world.pending() == []
    settled(world)
    all_are_there(parts)


def a_ctrl_c_on_a_cluster(parts: Parts) -> None:
    """Interrupt the command: the workers finish what is in flight, and the shards that wait are not begun."""
    world = parts.world()
    parts.slow()
    with dask(world.environment()) as cluster, world.start("up", "--scheduler", cluster.scheduler) as run:
        wait_until(parts.created)
        run.interrupt()
        assert run.wait(300) == 130, run.text
        assert processes(parts.emulator) == []
        assert 0 < parts.created() < len(USERS)
    no_lock(parts, world)
    assert world.pending() == []
    settled(world)
    all_are_there(parts)


def a_fleet_that_is_kept(parts: Parts) -> None:
    """Let time pass: what is due is renewed in every shard, and an edited program waits for a person."""
    world = parts.world()
    assert world.run("up")[0] == 0
    code, lines = world.run("keep")
    assert (code, [line["changes"] for line in lines[:-1]]) == (0, [{}] * SHARDS)
    world.pass_time(100)
    parts.emulator.clear()
    code, lines = world.run("keep")
    assert (code, sum(line["changes"]["renewed"] for line in lines[:-1])) == (0, len(USERS)), lines
    extended = [request for request in parts.emulator.requests() if request["path"].endswith("/extend")]
    assert len(extended) == len(USERS)
    world.declare(*USERS[1:])
    world.pass_time(100)
    code, lines = world.run("keep")
    waiting = [note for line in lines[:-1] for note in line["notes"]]
    assert (code, len(waiting)) == (3, 1), lines
    assert waiting[0].startswith(f"waits {USERS[0]}: delete")
    world.declare(*USERS)
    settled(world)
    no_lock(parts, world)
    all_are_there(parts)


def an_object_store(parts: Parts) -> None:
    """Keep the state in a store that speaks S3, on a cluster."""
    with object_store("fleet") as (url, keys):
        number = next(parts.numbers)
        world = World(parts.folder / str(number), parts.emulator, backend=url, variables={**PATIENT, **keys})
        world.declare(*USERS)
        with dask(world.environment()) as cluster:
            code, lines = world.run("up", "--scheduler", cluster.scheduler)
            assert code == 0, lines
        settled(world)
        stored = keys_in(url)
        assert any("/stacks/" in key for key in stored)
        assert [key for key in stored if "/locks/" in key] == []
    all_are_there(parts)
