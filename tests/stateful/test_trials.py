"""Run the state machine with few combinations of behaviours. ``make machine`` runs all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.stateful.choices import named, pairwise
from tests.stateful.machine import run_sequences
from tests.support.emulator_server import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as server:
        yield server


@pytest.mark.parametrize("combination", pairwise(), ids=named)
def test_random_sequences_keep_all_invariants(emulator: Emulator, combination: dict[str, Any]) -> None:
    run_sequences(emulator, combination, examples=1, steps=15)
