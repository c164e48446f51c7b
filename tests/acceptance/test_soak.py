"""The first two days of the month that ``make soak`` lives through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.soak import SESSIONS, on_paper, soak

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator_server import Emulator


def test_two_days_go_as_computed_on_paper(emulator: Emulator, tmp_path: Path) -> None:
    assert soak(4, tmp_path, emulator) == {name: on_paper(name, 4) for name in SESSIONS}
