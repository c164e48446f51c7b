"""The pure parts of ``make bench``: medians, goals, the page and the exit code."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree.ElementTree import fromstring

import pytest

from benchmarks import __main__ as command
from benchmarks import page, run
from benchmarks.goals import Goal, bound, goals
from benchmarks.meter import FailedError
from benchmarks.plot import svg
from benchmarks.reading import Case, Contestant, Reading, Step, Traffic, Usage, expected, request_problem
from benchmarks.results import Medians, dump, load
from benchmarks.tables import costs, goals_table, settings, times

MIDDLE = Case(100, 100)


def reading(contestant: Contestant, step: Step, case: Case, seconds: float) -> Reading:
    due = expected(step, case.sessions) if contestant is Contestant.PROVIDER else {}
    return Reading(contestant, step, case, Usage(seconds, 1, 2, 3, 80), Traffic(due, 4), 1000 * case.sessions)


def measured(ours: float, floor: float, case: Case = MIDDLE) -> list[Reading]:
    at = {Contestant.PROVIDER: (case, ours), Contestant.FLOOR: (Case(case.sessions, 0), floor)}
    return [reading(who, step, *what) for who, what in at.items() for step in Step]


def test_readings_survive_a_round_trip_through_csv() -> None:
    found = measured(3.5, 2.25)
    assert load(dump(found)) == found


def test_times_are_medians_and_counts_are_maxima() -> None:
    rounds = [reading(Contestant.PROVIDER, Step.CREATE, MIDDLE, seconds) for seconds in (3, 9, 4)]
    rounds[1] = replace(rounds[1], traffic=Traffic({"POST": 101}, 5))
    figures = Medians(rounds).get(Contestant.PROVIDER, Step.CREATE, MIDDLE)
    assert figures
    assert (figures.seconds, figures.requests, figures.connections) == (4, 101, 5)


def test_bound_is_the_floor_or_the_latency_on_four_threads() -> None:
    floor = Medians(measured(1, 2)).get(Contestant.FLOOR, Step.CREATE, MIDDLE)
    assert floor
    assert bound(floor, Step.CREATE, MIDDLE) == 2.5
    assert bound(floor, Step.PREVIEW, MIDDLE) == 2


def test_goals_compare_the_measurements_of_one_run() -> None:
    found = {goal.text: goal for goal in goals(Medians(measured(3.5, 2)), 20)}
    create = found["N = 100, 100 ms: up (create) / max(floor, requests x 100 ms / 4)"]
    assert create.value == pytest.approx(3.5 / 2.5)
    assert not create.reached
    preview = found["N = 100, 100 ms: preview, unchanged / max(floor, requests x 100 ms / 4)"]
    assert preview.value == pytest.approx(3.5 / 2)
    assert not preview.reached
    assert found["milliseconds that importing the package adds to a program"].reached


def sizes(*seconds: tuple[float, float]) -> dict[str, Goal]:
    """Return the goals for the seconds of provider and floor at 1, 100 and 1,000 sessions."""
    pairs = zip((1, 100, 1000), seconds, strict=True)
    found = [one for size, pair in pairs for one in measured(*pair, Case(size, 0))]
    return {goal.text: goal for goal in goals(Medians(found), 20)}


def test_growth_is_relative_to_the_floor() -> None:
    found = sizes((2.02, 2.01), (4, 3), (62, 32))
    growth = found["refresh: time per session at N = 1,000 / at N = 100, 0 ms, relative to the floor"]
    assert growth.value == pytest.approx((59.98 / 1000 / (1.98 / 100)) / (29.99 / 1000 / (0.99 / 100)))
    assert growth.reached
    assert found["N = 1,000, 0 ms: refresh / floor"].value == pytest.approx(62 / 32)


def test_only_growth_beyond_the_floor_misses_the_goal() -> None:
    found = sizes((2.02, 2.01), (4, 3), (22, 12))
    assert found["refresh: time per session at N = 1,000 / at N = 100, 0 ms, relative to the floor"].reached
    found = sizes((2.02, 2.01), (4, 3), (202, 12))
    assert not found["refresh: time per session at N = 1,000 / at N = 100, 0 ms, relative to the floor"].reached


def test_too_many_or_too_few_requests_are_a_problem() -> None:
    right = reading(Contestant.PROVIDER, Step.APPEND, MIDDLE, 1)
    assert request_problem(right) is None
    off = replace(right, traffic=Traffic({"GET": 100, "PUT": 101}, 4))
    assert request_problem(off) == "100 sessions, 100 ms, up (append): sent 100 GET, 101 PUT, expected 100 GET, 100 PUT"
    silent = replace(right, traffic=Traffic({}, 0))
    assert request_problem(silent) == "100 sessions, 100 ms, up (append): sent no requests, expected 100 GET, 100 PUT"


@pytest.mark.parametrize(("sent", "code"), [(100, 0), (99, 1)])
def test_only_wrong_requests_make_the_command_exit_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sent: int, code: int
) -> None:
    found = measured(300, 1)  # however slow
    found[0] = replace(found[0], traffic=Traffic({"POST": sent}, 4))
    monkeypatch.setattr(run, "once", lambda _sessions: iter(found))
    monkeypatch.setattr(command, "import_ms", lambda: 20.0)
    assert command.main(["100"]) == code
    assert ("sent 99 POST, expected 100 POST" in capsys.readouterr().out) == bool(code)


def test_page_and_plot_match_the_readings() -> None:
    medians = Medians(load(page.READINGS.read_text()))
    text = page.PAGE.read_text()
    for case in medians.rounds:
        assert times(medians, case).markdown() in text
        assert costs(medians, case).markdown() in text
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


def test_a_failed_run_exits_with_2(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(_sessions: int) -> list[Reading]:
        raise FailedError("error: no such stack")

    monkeypatch.setattr(run, "once", fail)
    assert command.main(["1"]) == 2
    assert capsys.readouterr().out == "A run failed, so nothing was measured: error: no such stack\n"
