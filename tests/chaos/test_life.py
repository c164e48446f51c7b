"""A sample of ``make chaos``: nothing is duplicated, lost or destroyed on a bad network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chaos.life import Life
from tests.chaos.tally import Tally
from tests.chaos.world import World

if TYPE_CHECKING:
    from pathlib import Path

SEEDS = range(1, 6)


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> list[Life]:
    return _live(tmp_path_factory.mktemp("world"))


def _live(folder: Path) -> list[Life]:
    world = World(folder / "sessions.db")
    try:
        return [Life(world, seed).live() for seed in SEEDS]
    finally:
        world.close()


@pytest.mark.parametrize("number", range(len(SEEDS)))
def test_each_declared_session_exists_once_with_the_declared_values(number: int, lives: list[Life]) -> None:
    assert lives[number].problems == [], "\n".join(lives[number].trace)


def test_many_requests_fail(lives: list[Life]) -> None:
    tally = Tally()
    for life in lives:
        tally.add(life.tally)
    assert tally.failed_runs > 0
    assert tally.faults > tally.requests / 10


def test_a_seed_determines_everything_that_happens(lives: list[Life], tmp_path: Path) -> None:
    assert [life.trace for life in _live(tmp_path)] == [life.trace for life in lives]
