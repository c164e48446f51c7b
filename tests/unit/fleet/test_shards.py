"""Which shard a user belongs to never changes: it says which stack has the user's session."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant_sessions_provider.core.errors import ConfigurationError
from quant_sessions_provider.fleet.shards import (
    MAX_STACK_NAME,
    in_slice,
    listed,
    named,
    problem_with_name,
    shard_of,
    stack_name,
)

users = st.text(st.characters(exclude_categories=["Cs"]))
counts = st.integers(1, 100_000)


@pytest.mark.parametrize(
    ("user", "shard_of_16", "shard_of_1000"),
    [("ada", 7, 351), ("grace", 5, 629), ("Ada", 0, 680), ("é", 15, 743), ("", 4, 876), ("customer-00042", 5, 629)],
)
def test_a_user_is_for_ever_where_releases_before_put_it(user: str, shard_of_16: int, shard_of_1000: int) -> None:
    assert (shard_of(user, 16), shard_of(user, 1000)) == (shard_of_16, shard_of_1000)


@given(users, counts)
def test_each_user_is_in_one_shard(user: str, shards: int) -> None:
    assert 0 <= shard_of(user, shards) < shards
    assert shard_of(user, 1) == 0


@given(st.integers(2, 50), st.integers(0, 10**6))
def test_shards_are_even_within_reason(shards: int, first: int) -> None:
    sizes = Counter(shard_of(f"user-{number}", shards) for number in range(first, first + 100 * shards))
    assert len(sizes) == shards
    assert 40 <= min(sizes.values()) <= max(sizes.values()) <= 180


@given(st.integers(0, 99_999), counts)
def test_stacks_of_a_fleet_are_equally_long_and_sort_as_their_numbers(shard: int, shards: int) -> None:
    shard %= shards
    name = stack_name("support", shard, shards)
    assert len(name) == len(stack_name("support", shards - 1, shards))
    assert (name < stack_name("support", shards - 1, shards)) == (shard < shards - 1)
    assert re.fullmatch(r"support-[0-9]{4,}", name)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("support", ""),
        ("support.eu-1", ""),
        ("team_support", "must not contain _: a stack with one in its name can crash Pulumi's Postgres backend"),
        ("", "must be letters, digits, hyphens and periods, beginning with a letter or a digit"),
        ("-support", "must be letters, digits, hyphens and periods, beginning with a letter or a digit"),
        ("a/b", "must be letters, digits, hyphens and periods, beginning with a letter or a digit"),
        ("x" * 95, ""),
        ("x" * 96, "must be at most 95 characters"),
    ],
)
def test_a_name_that_stacks_cannot_have_is_refused_with_the_reason(name: str, problem: str) -> None:
    assert problem_with_name(name, 16) == problem
    assert problem or len(stack_name(name, 15, 16)) <= MAX_STACK_NAME


@given(st.integers(1, 40), st.integers(1, 200))
def test_slices_take_each_shard_once(parts: int, shards: int) -> None:
    taken = [shard for part in range(1, parts + 1) for shard in filter(in_slice(f"{part}/{parts}"), range(shards))]
    assert sorted(taken) == list(range(shards))


@pytest.mark.parametrize("text", ["", "3", "0/4", "5/4", "1/0", "-1/4", "a/b", "1/2/3"])
def test_what_is_no_slice_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="from 1/16 to 16/16"):
        in_slice(text)


def test_shards_are_named_as_they_are_listed() -> None:
    assert named("0007, 12,7", 16) == [7, 12]
    assert named(listed([7, 12], 16), 16) == [7, 12]
    assert listed([7, 12], 16) == "0007,0012"
    assert listed([7], 20_000) == "00007"


@pytest.mark.parametrize("text", ["", "16", "7-9", "support-0007", "7,,8"])
def test_what_is_no_list_of_shards_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="numbers from 0 to 15"):
        named(text, 16)
