"""Run the state machine with few combinations of behaviours, on either host. ``make machine`` runs all on both."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any

import pytest

from tests.stateful.choices import HOSTS, named, pairwise
from tests.stateful.machine import run_sequences
from tests.support.emulator_server import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stateful.choices import HostClass


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as server:
        yield server


def _named(value: HostClass | dict[str, Any]) -> str:
    return named(value) if isinstance(value, dict) else value.__name__


@pytest.mark.parametrize(("host", "combination"), list(zip(cycle(HOSTS), pairwise(), strict=False)), ids=_named)
def test_random_sequences_keep_all_invariants(emulator: Emulator, host: HostClass, combination: dict[str, Any]) -> None:
    run_sequences(emulator, combination, host, examples=1, steps=15)
