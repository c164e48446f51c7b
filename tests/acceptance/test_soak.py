"""The first two days of ``make soak``."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.timeline.simulate import forecasts
from quant_sessions_provider.timeline.state import read_sessions
from tests.soak import EVERY, FIRST_STATE, SESSIONS, Tally, on_paper, soak

if TYPE_CHECKING:
    from pathlib import Path

    from quant_sessions_provider.timeline.model import ExportedSession
    from tests.support.emulator_server import Emulator

RUNS = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("soak")


@pytest.fixture(scope="module")
def tallies(emulator: Emulator, folder: Path) -> dict[str, Tally]:
    return soak(RUNS, folder, emulator)


def test_two_days_match_the_expected_values(tallies: dict[str, Tally]) -> None:
    assert tallies == {name: on_paper(name, RUNS) for name in SESSIONS}


def test_the_timeline_of_the_first_state_predicts_all_later_runs(tallies: dict[str, Tally], folder: Path) -> None:
    sessions, notes = read_sessions(json.loads((folder / FIRST_STATE).read_text()))
    made = max(timestamps.parse(session.outputs["grantedExpiresAt"]) - _lifetime(session) for session in sessions)
    runs = [made + timedelta(minutes=EVERY * run, seconds=30 * run) for run in range(1, RUNS)]
    found = forecasts(sessions, runs, made, made + timedelta(minutes=EVERY * RUNS))
    told = {each.session.name: Counter(event.kind for event in each.events) for each in found}
    assert not notes
    seen = {n: Counter(renewed=tally.renewals, recreated=tally.recreations) for n, tally in tallies.items()}
    assert told == {name: +counts for name, counts in seen.items()}


def _lifetime(session: ExportedSession) -> timedelta:
    return timedelta(minutes=session.inputs["expirationMinutes"])
