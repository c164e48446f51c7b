"""The pure parts of ``make bench``: medians, goals, the page and the exit code."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree.ElementTree import fromstring

import pytest

from benchmarks import __main__ as command
from benchmarks import page, plan, stack
from benchmarks.goals import Goal, bound, goals
from benchmarks.meter import FailedError
from benchmarks.plot import svg
from benchmarks.reading import FLOOR_OF, Case, Contestant, Reading, Step, Traffic, Usage, expected, request_problem
from benchmarks.record import Record
from benchmarks.results import Medians, dump, load
from benchmarks.tables import all_tables, goals_table, settings

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from benchmarks.plan import Entry

MIDDLE = Case(100, 100)
WIDE = Case(1000, 100, 64)


def reading(contestant: Contestant, step: Step, case: Case, seconds: float) -> Reading:
    due = expected(step, case.sessions) if contestant.is_ours else {}
    return Reading(contestant, step, case, Usage(seconds, 1, 2, 3, 80), Traffic(due, 4), 1000 * case.sessions)


def measured(ours: float, floor: float, case: Case = MIDDLE, who: Contestant = Contestant.PROVIDER) -> list[Reading]:
    at = {who: (case, ours), FLOOR_OF[who]: (Case(case.sessions, 0), floor)}
    return [reading(one, step, *what) for one, what in at.items() for step in Step]


def test_readings_survive_a_round_trip_through_csv() -> None:
    found = [*measured(3.5, 2.25), replace(measured(3.5, 2.25, WIDE, Contestant.PLUGIN)[0], round=2)]
    assert load(dump(found)) == found


def test_times_are_medians_and_counts_are_maxima() -> None:
    rounds = [reading(Contestant.PROVIDER, Step.CREATE, MIDDLE, seconds) for seconds in (3, 9, 4)]
    rounds[1] = replace(rounds[1], traffic=Traffic({"POST": 101}, 5))
    figures = Medians(rounds).get(Contestant.PROVIDER, Step.CREATE, MIDDLE)
    assert figures
    assert (figures.seconds, figures.requests, figures.connections) == (4, 101, 5)


def test_bound_is_the_floor_or_the_latency_on_four_threads() -> None:
    medians = Medians(measured(1, 2))
    assert bound(medians, Contestant.PROVIDER, Step.CREATE, MIDDLE) == 2.5
    assert bound(medians, Contestant.PROVIDER, Step.PREVIEW, MIDDLE) == 2
    assert bound(medians, Contestant.PROVIDER, Step.CREATE, replace(MIDDLE, parallel=64)) == 2.5


def test_bound_of_the_plugin_is_the_latency_on_as_many_threads_as_the_engine_uses() -> None:
    medians = Medians(measured(1, 0.5, WIDE, Contestant.PLUGIN))
    assert bound(medians, Contestant.PLUGIN, Step.REFRESH, WIDE) == pytest.approx(1000 * 0.1 / 64)
    assert bound(medians, Contestant.PLUGIN, Step.REFRESH, replace(WIDE, parallel=4)) == 25
    assert bound(medians, Contestant.PLUGIN, Step.PREVIEW, WIDE) == 0.5


def test_a_floor_is_the_one_under_the_same_parallel_where_that_was_measured() -> None:
    plain = reading(Contestant.PLUGIN_FLOOR, Step.REFRESH, Case(1000, 0), 3)
    wide = reading(Contestant.PLUGIN_FLOOR, Step.REFRESH, Case(1000, 0, 64), 2)
    assert bound(Medians([plain, wide]), Contestant.PLUGIN, Step.REFRESH, WIDE) == 2
    assert bound(Medians([plain]), Contestant.PLUGIN, Step.REFRESH, WIDE) == 3


def test_goals_compare_the_measurements_of_one_run() -> None:
    found = {goal.text: goal for goal in goals(Medians(measured(3.5, 2)), 20)}
    create = found["N = 100, 100 ms: dynamic, up (create) / max(floor, requests x 100 ms / 4)"]
    assert create.value == pytest.approx(3.5 / 2.5)
    assert not create.reached
    preview = found["N = 100, 100 ms: dynamic, preview, unchanged / max(floor, requests x 100 ms / 4)"]
    assert preview.value == pytest.approx(3.5 / 2)
    assert not preview.reached
    assert found["milliseconds that importing the package adds to a program"].reached


def test_the_plugin_is_compared_with_its_floor_with_the_latency_and_with_the_dynamic_provider() -> None:
    plugin = [*measured(2, 1.5, WIDE, Contestant.PLUGIN), *measured(2.3, 2, Case(1000, 0), Contestant.PLUGIN)]
    dynamic = [reading(Contestant.PROVIDER, Step.REFRESH, WIDE, 1.6), reading(Contestant.PROVIDER, Step.SAME, WIDE, 2)]
    found = {goal.text: goal.value for goal in goals(Medians([*plugin, *dynamic]), 20)}
    assert found["N = 1,000, 0 ms: plugin, refresh / floor"] == pytest.approx(2.3 / 1.75)
    refresh = "N = 1,000, 100 ms, --parallel 64: plugin, refresh / max(floor, requests x 100 ms / 64)"
    assert found[refresh] == pytest.approx(2 / 1.75)
    worst = "N = 1,000, 100 ms, --parallel 64: plugin / dynamic, worst step (refresh)"
    assert found[worst] == pytest.approx(2 / 1.6)
    assert found["--parallel 64: plugin, connections"] == 4


def sizes(*seconds: tuple[float, float]) -> dict[str, Goal]:
    """Return the goals for the seconds of provider and floor at 1, 100 and 1,000 sessions."""
    pairs = zip((1, 100, 1000), seconds, strict=True)
    found = [one for size, pair in pairs for one in measured(*pair, Case(size, 0))]
    return {goal.text: goal for goal in goals(Medians(found), 20)}


def test_growth_is_relative_to_the_floor() -> None:
    found = sizes((2.02, 2.01), (4, 3), (62, 32))
    growth = found["dynamic, refresh: time per session at N = 1,000 / at N = 100, 0 ms, relative to the floor"]
    assert growth.value == pytest.approx((59.98 / 1000 / (1.98 / 100)) / (29.99 / 1000 / (0.99 / 100)))
    assert growth.reached
    assert found["N = 1,000, 0 ms: dynamic, refresh / floor"].value == pytest.approx(62 / 32)


def test_only_growth_beyond_the_floor_misses_the_goal() -> None:
    found = sizes((2.02, 2.01), (4, 3), (22, 12))
    assert found["dynamic, refresh: time per session at N = 1,000 / at N = 100, 0 ms, relative to the floor"].reached
    found = sizes((2.02, 2.01), (4, 3), (202, 12))
    assert not found[
        "dynamic, refresh: time per session at N = 1,000 / at N = 100, 0 ms, relative to the floor"
    ].reached


def test_too_many_or_too_few_requests_are_a_problem() -> None:
    right, what = reading(Contestant.PROVIDER, Step.APPEND, MIDDLE, 1), "N = 100, 100 ms: provider, up (append)"
    assert request_problem(right) is None
    off = replace(right, traffic=Traffic({"GET": 100, "PUT": 101}, 4))
    assert request_problem(off) == f"{what}: sent 100 GET, 101 PUT, expected 100 GET, 100 PUT"
    silent = replace(right, traffic=Traffic({}, 0))
    assert request_problem(silent) == f"{what}: sent no requests, expected 100 GET, 100 PUT"


def play(monkeypatch: pytest.MonkeyPatch, *readings: Reading, failing: Contestant | None = None) -> list[Step]:
    """Have these readings come where a stack would be measured, in place of a whole plan; return what was measured."""
    found = {(one.contestant, one.step): one for one in readings}
    steps: list[Step] = []

    def measure(entry: Entry) -> Generator[Reading]:
        for step, _ in entry.steps:
            if entry.contestant is failing and step is Step.REFRESH:
                raise FailedError("error: no such stack")
            steps.append(step)
            yield found[entry.contestant, step]

    monkeypatch.setattr(stack, "read_steps", measure)
    monkeypatch.setattr(command, "import_ms", lambda: 20.0)
    entries = {one.contestant: plan.Entry(one.contestant, ()) for one in readings}
    for who in entries:
        ours = tuple((one.step, one.case) for one in readings if one.contestant is who)
        entries[who] = plan.Entry(who, ours)
    heat = plan.Heat(tuple(entries.values()))
    monkeypatch.setattr(plan, "once", lambda _sessions: iter([heat]))
    monkeypatch.setattr(plan, "full", lambda: iter([heat]))
    return steps


@pytest.mark.parametrize(("sent", "code"), [(100, 0), (99, 1)])
def test_only_wrong_requests_make_the_command_exit_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sent: int, code: int
) -> None:
    found = measured(300, 1)  # however slow
    found[0] = replace(found[0], traffic=Traffic({"POST": sent}, 4))
    play(monkeypatch, *found)
    assert command.main(["100"]) == code
    assert ("sent 99 POST, expected 100 POST" in capsys.readouterr().out) == bool(code)


def test_page_and_plot_match_the_readings() -> None:
    medians = Medians(load(page.READINGS.read_text()))
    text = page.PAGE.read_text()
    for grid in all_tables(medians):
        assert grid.markdown() in text
    assert settings(medians).markdown() in text
    importing = re.search(r"adds to a program \| ([0-9.]+) \|", text)
    assert importing
    assert goals_table(goals(medians, float(importing[1]))).markdown() in text
    assert page.PLOT.read_text() == svg(medians)
    assert fromstring(svg(medians)).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - our own


def test_recorded_readings_have_no_wrong_requests() -> None:
    assert [problem for problem in map(request_problem, load(page.READINGS.read_text())) if problem] == []


@pytest.mark.parametrize("sessions", ["0", "-1", "many", "1.5"])
def test_an_invalid_number_of_sessions_is_refused(sessions: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([sessions]) == 2
    assert capsys.readouterr().out == "N must be a whole number of at least 1\n"


def test_contestants_take_turns_and_one_that_fails_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = play(monkeypatch, *measured(3.5, 2), failing=Contestant.PROVIDER)
    assert command.main(["100"]) == 2
    both, alone = [Step.CREATE, Step.PREVIEW, Step.SAME], [Step.REFRESH, Step.EXTEND, Step.APPEND, Step.DESTROY]
    assert steps == [*(step for step in both for _ in range(2)), *alone]
    assert "A run failed (provider); the others go on: error: no such stack\n" in capsys.readouterr().out


def test_a_full_run_goes_on_where_it_failed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, written = tmp_path / "unfinished.csv", dict.fromkeys(("PAGE", "PLOT", "READINGS"), tmp_path / "out")
    monkeypatch.setattr(command, "UNFINISHED", kept)
    (tmp_path / "page.md").write_text(page.PAGE.read_text())
    for name, file in (written | {"PAGE": tmp_path / "page.md"}).items():
        monkeypatch.setattr(page, name, file)
    found = measured(3.5, 2)
    play(monkeypatch, *found, failing=Contestant.PROVIDER)
    assert command.main([]) == 2
    assert [one.contestant for one in load(kept.read_text())].count(Contestant.PROVIDER) == 3
    steps = play(monkeypatch, *found)
    assert command.main([]) == 0
    assert steps == [*Step]  # of the one that failed, from its first step on
    assert "Going on after 10 readings of unfinished.csv.\n" in capsys.readouterr().out
    assert not kept.exists()
    assert "| up (create) | 3.50 | 2.50 | 1.40 |" in (tmp_path / "page.md").read_text()


def test_each_reading_is_written_at_once(tmp_path: Path) -> None:
    file, first = tmp_path / "unfinished.csv", measured(1, 1)[0]
    entry = plan.Entry(first.contestant, ((first.step, first.case),))
    Record(file).add(first)
    after = Record(file)
    assert after.readings == [first]
    assert (after.has(entry, 1), after.has(entry, 2)) == (True, False)
    after.forget([entry], 1)
    assert not after.has(entry, 1)


def test_the_plan_measures_nothing_twice_in_a_round_and_both_hosts_alike() -> None:
    keys = [
        (entry.contestant, step, case, heat.round)
        for heat in plan.full()
        for entry in heat.entries
        for step, case in entry.steps
    ]
    assert len(keys) == len({*keys})
    by_host = {who: {key[1:] for key in keys if key[0] is who} for who in FLOOR_OF}
    assert by_host[Contestant.PROVIDER] == by_host[Contestant.PLUGIN]
    assert (Step.REFRESH, WIDE, 1) in by_host[Contestant.PLUGIN]
