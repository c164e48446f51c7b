"""What a run of a fleet has come to: the table in a terminal, and the lines at its end."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from quant_sessions_provider.fleet.board import Board
from quant_sessions_provider.fleet.definition import Definition
from quant_sessions_provider.fleet.model import Result
from quant_sessions_provider.fleet.tally import Tally, line_of, result_json, summary

FLEET = Definition("support", "/program", "desk", 16)


def result(shard: int, outcome: Any = "done", **more: Any) -> Result:  # noqa: ANN401 - any fields
    return Result(shard, FLEET.stack(shard), outcome, **more)


def tally(*results: Result, shards: int = 16) -> Tally:
    return Tally(FLEET, "up", shards, 4, list(results))


def shown(given_: Tally, elapsed: float) -> list[str]:
    to = Console(file=StringIO(), width=100, force_terminal=True, color_system=None)
    to.print(Board(given_, lambda: elapsed))
    assert isinstance(to.file, StringIO)
    return to.file.getvalue().splitlines()


def test_a_terminal_shows_how_far_it_is_and_what_failed() -> None:
    done = [result(number, sessions=100, seconds=9.87) for number in range(3)]
    lines = shown(tally(*done, result(3, "failed", sessions=40, seconds=2, error="ada: refused (400)")), 20.0)
    assert lines[1] == "4 of 16 shards, 4 running, 1 failed, 340 sessions, 17.0 a second, 0:01:00 left"
    assert [line.split() for line in lines[3:5]] == [
        ["support-0003", "failed", "40", "2.0", "ada:", "refused", "(400)"],
        ["support-0000", "done", "100", "9.9"],
    ]


def test_a_plan_says_what_would_be_lost_and_a_destruction_what_was_deleted() -> None:
    lost = result(0, sessions=1, changes={"create": 1, "delete": 2}, losses=2)
    (line,) = summary(replace(tally(lost), verb="preview"), 1)
    assert line.endswith("1 done; 1 session in 1.0 s: 1 create, 2 delete; loses 2 conversations")
    (line,) = summary(replace(tally(result(0, sessions=1, changes={"delete": 2})), verb="destroy"), 1)
    assert line.endswith("1 done; 2 sessions in 1.0 s: 2 delete")
    (line,) = summary(replace(tally(result(0, sessions=None, changes={"renewed": 2})), verb="keep"), 1)
    assert line.endswith("1 done in 1.0 s: 2 renewed")


def test_a_long_error_alone_is_cut_in_a_terminal() -> None:
    failed = result(3, "failed", sessions=40, seconds=2, error="a long error " * 20)
    words = shown(tally(failed, result(4, "interrupted")), 20.0)[3].split()
    assert (words[:4], words[-1][-1]) == (["support-0003", "failed", "40", "2.0"], "…")


def test_what_was_interrupted_did_not_fail() -> None:
    assert "0 failed, 1 interrupted" in shown(tally(result(3, "interrupted")), 20.0)[1]


def test_a_terminal_shows_what_failed_and_the_last_ones_of_many() -> None:
    results = [result(number) for number in range(14)]
    results[1] = result(1, "failed", error="no")
    names = [line.split()[0] for line in shown(tally(*results), 1) if line.startswith("support")]
    assert names == ["support-0001", *(f"support-{number:04}" for number in range(5, 14))]


def test_before_the_first_result_nothing_is_reckoned() -> None:
    assert shown(tally(), 1)[1] == "0 of 16 shards, 4 running, 0 failed, 0 sessions"
    assert tally(*(result(n) for n in range(15))).running == 1


def test_the_summary_names_each_failed_shard_with_its_first_error_and_how_to_run_it_again() -> None:
    note = "broke the lock of a run that is dead: root@vm (pid 7)"
    done = "1 create, 2 delete"
    found = tally(
        result(9, "interrupted", error="interrupted before it was done"),
        result(7, "failed", error="ada: refused\n(400)"),
        result(0, sessions=3, notes=(note,), changes={"create": 1, "delete": 2}),
        shards=3,
    )
    assert summary(found, 12.34) == [
        f"3 shards of fleet support: 1 interrupted, 1 failed, 1 done; 3 sessions in 12.3 s: {done}",
        f"support-0000: {note}",
        "support-0007 failed: ada: refused (400)",
        "support-0009 interrupted: interrupted before it was done",
        "Run them again with --only 0007,0009",
    ]


@pytest.mark.parametrize(
    ("given_", "line"),
    [
        (result(1, sessions=2, seconds=1.25), "support-0001 done in 1.2 s: 2 sessions: unchanged"),
        (
            result(1, sessions=1, changes={"replace": 1, "create": 2}, losses=1),
            "support-0001 done in 0.0 s: 1 session: 2 create, 1 replace; loses 1 conversation",
        ),
        (result(1, "skipped"), "support-0001 skipped: its last run succeeded"),
        (result(1, "failed", error="no\x1b[2J"), "support-0001 failed in 0.0 s: no [2J"),
    ],
)
def test_a_shard_that_has_ended_is_one_line(given_: Result, line: str) -> None:
    assert line_of(given_) == line
    assert json.loads(result_json(given_))["stack"] == "support-0001"
    assert "document" not in json.loads(result_json(given_))
