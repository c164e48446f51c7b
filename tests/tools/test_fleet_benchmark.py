"""The pure parts of ``make bench-fleet``: what is measured, its file, and its tables."""

from __future__ import annotations

from benchmarks.fleet.plan import STEPS, Reading, Setup, dump, load, setups
from benchmarks.fleet.tables import goals, tables

CLIENT, ONE, ON_POSTGRES = Setup(1000, 0), Setup(1000, 1), Setup(1000, 1, backend="postgres")
FAST, SLOW = Setup(1000, 5, 4), Setup(1000, 20, 8)
DATABASE, DASK = Setup(1000, 5, 4, "postgres"), Setup(1000, 5, 4, "files", "Dask")
SECONDS = {CLIENT: 26, ONE: 90, ON_POSTGRES: 120, FAST: 20, SLOW: 30, DATABASE: 22, DASK: 25}
READINGS = [Reading(setup, step, seconds) for setup, seconds in SECONDS.items() for step in STEPS]


def test_each_setup_is_measured_once_and_no_more_shards_run_than_there_are() -> None:
    found = [*setups(1000, sizes=True)]
    assert len(found) == len(set(found))
    assert all(one.slots <= max(one.shards, 1) for one in found)
    assert {one.sessions for one in found} == {250, 500, 1000, 2000}
    assert {one.sessions for one in setups(40, sizes=False)} == {40}
    assert SECONDS.keys() - {SLOW} <= {*found}


def test_readings_survive_a_round_trip_through_csv() -> None:
    assert load(dump(READINGS)) == READINGS


def test_a_table_has_the_ratios_to_one_stack_and_to_the_client() -> None:
    (grid,) = tables(READINGS)
    rows = {row[0]: row[1:] for row in grid.rows}
    assert rows["K = 5, W = 4, files"] == ["20.0", "20.0", "20.0", "0.22", "0.77"]
    assert rows["K = 5, W = 4, postgres"][3] == "0.18"
    assert rows["QuantCDN's client, 4 threads"][3:] == ["0.29", ""]


def test_the_goals_are_those_of_the_fastest_fleet() -> None:
    found = {row[0]: row[1:] for row in goals(READINGS, 1000).rows}
    assert found == {
        "create / QuantCDN's client, files": ["0.77", "0.80", "yes", "K = 5, W = 4, files"],
        "create / one stack, files": ["0.22", "0.25", "yes", "K = 5, W = 4, files"],
        "create / one stack, Postgres": ["0.18", "0.20", "yes", "K = 5, W = 4, postgres"],
        "unchanged / one stack, files": ["0.22", "1.30", "yes", "K = 5, W = 4, files"],
        "create, Dask / threads": ["1.25", "1.15", "no", "K = 5, W = 4, files, Dask"],
    }
    assert goals(READINGS[:2], 1000).rows == []
