"""A life on the real engine where the API behaves otherwise than the emulator does unasked; `make machine`: all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.machine.walk import Walk

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator_server import Emulator

OTHERWISE = {
    "metadata": "merge",
    "extendFrom": "now",
    "cap": "cut",
    "reopen": False,
    "expired": "lingering",
    "deleteGone": "notFound",
    "unknownFields": "reject",
}


def test_a_life_under_all_other_behaviours(emulator: Emulator, tmp_path: Path) -> None:
    Walk(emulator, OTHERWISE, tmp_path).whole()
