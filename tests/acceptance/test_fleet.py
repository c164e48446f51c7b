"""A small fleet on files, with the real engine: each user has a session, in the state of the user's shard.

What happens to fleets whose parts are killed is `make fleet-test`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quant_sessions_provider.fleet.shards import shard_of
from tests.support.fleet_world import World, processes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.emulator_server import Emulator

USERS: Final = [f"user-{number}" for number in range(5)]
SHARDS: Final = 2


def test_each_user_has_a_session_in_the_state_of_the_shard(tmp_path: Path, emulator: Emulator) -> None:
    world = World(tmp_path, emulator, shards=SHARDS)
    world.declare(*USERS)
    code, lines = world.run("up")
    assert (code, lines[-1]["outcomes"], lines[-1]["sessions"]) == (0, {"done": SHARDS}, len(USERS))
    assert world.users() == dict.fromkeys(USERS, 1)
    by_shard = {number: [user for user in USERS if shard_of(user, SHARDS) == number] for number in range(SHARDS)}
    assert world.users_in_state() == {f"{world.name}-{number:04}": users for number, users in by_shard.items()}
    assert processes(emulator) == []
    # Neither the keys of the stacks nor their configuration is left beside the program.
    assert sorted(file.name for file in world.program.iterdir()) == ["Pulumi.yaml", "__main__.py", "users.json"]
