"""The state machine on a few combinations of behaviours; ``make machine`` tries them all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.stateful.choices import named, pairwise
from tests.stateful.rules import try_lives
from tests.support.emulator_server import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as server:
        yield server


@pytest.mark.parametrize("combination", pairwise(), ids=named)
def test_lives_of_a_session(emulator: Emulator, combination: dict[str, Any]) -> None:
    try_lives(emulator, combination, examples=1)
