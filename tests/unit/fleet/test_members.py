"""A program declares the sessions of its stack's users alone; outside of a fleet those of all."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import pulumi
import pytest
from pulumi.runtime import set_all_config

from quant_sessions_provider import fleet
from quant_sessions_provider.fleet.program import SHARD, SHARDS

USERS = [f"user-{number}" for number in range(50)]
Configure = Callable[..., None]


@pytest.fixture
def configure() -> Iterator[Configure]:
    yield lambda **values: set_all_config({f"fleet:{key}": value for key, value in values.items()})
    set_all_config({})


def test_the_shards_share_out_all_users_in_their_order(configure: Configure) -> None:
    found = []
    for shard in range(4):
        configure(shard=str(shard), shards="4")
        mine = fleet.members(iter(USERS))
        assert mine == [user for user in USERS if fleet.shard_of(user, 4) == shard]
        found += mine
    assert sorted(found) == sorted(USERS)


def test_a_stack_that_is_in_no_fleet_has_all_users(configure: Configure) -> None:
    configure()
    assert fleet.members(USERS) == USERS


def test_a_row_is_where_its_user_is(configure: Configure) -> None:
    configure(shard="1", shards="4")
    rows = [{"email": user, "topic": "parcels"} for user in USERS]
    assert [row["email"] for row in fleet.members(rows, lambda row: row["email"])] == fleet.members(USERS)


@pytest.mark.parametrize(
    "values",
    [
        {"shard": "1"},
        {"shards": "4"},
        {"shard": "4", "shards": "4"},
        {"shard": "-1", "shards": "4"},
        {"shard": "x", "shards": "4"},
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused(configure: Configure, values: dict[str, str]) -> None:
    configure(**values)
    with pytest.raises(pulumi.RunError, match=f"{SHARD} and {SHARDS} must be whole numbers"):
        fleet.members(USERS)


@pytest.mark.parametrize("user", [None, 7, "", " "])
def test_a_user_without_an_id_is_refused_by_its_place(configure: Configure, user: object) -> None:
    configure()
    with pytest.raises(pulumi.RunError, match=r"user id of users\[1\] must be a non-empty string"):
        fleet.members(["ada", user], lambda one: one)  # type: ignore[arg-type, return-value] # what it refuses


def test_no_users_at_all_are_refused_in_a_fleet_unless_they_may_be_none(configure: Configure) -> None:
    configure(shard="1", shards="4")
    with pytest.raises(pulumi.RunError, match="users is empty, which would delete every session"):
        fleet.members(iter(()))
    assert fleet.members([], may_be_empty=True) == []
    elsewhere = next(user for user in USERS if fleet.shard_of(user, 4) != 1)
    assert fleet.members([elsewhere]) == []
    configure()
    assert fleet.members([]) == []


def test_a_program_imports_neither_dask_nor_what_runs_fleets() -> None:
    program = "from quant_sessions_provider import fleet; fleet.members; import sys; print(sorted(sys.modules))"
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own code
    assert "'quant_sessions_provider.fleet.program'" in found
    assert not [name for name in (".fleet.definition", "'distributed'", "'rich'", "'typer'") if name in found]
