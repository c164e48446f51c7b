from __future__ import annotations

from datetime import timedelta

import pytest

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.timeline import schedule
from quant_sessions_provider.timeline.schedule import ScheduleError

START = timestamps.parse("2026-03-27T10:00:00Z")  # a Friday; Berlin's clocks go forward on the Sunday after
DAY = timedelta(days=1)


@pytest.mark.parametrize(("text", "count"), [("12h", 1), ("30m", 47), ("1d", 0), (" 5h ", 4)])
def test_every_starts_one_interval_later_and_ends_before_the_end(text: str, count: int) -> None:
    runs = schedule.every(text, START, START + DAY)
    assert len(runs) == count
    assert all(START < run < START + DAY for run in runs)


@pytest.mark.parametrize("text", ["", "12", "h", "0h", "-1h", "1.5h", "12 h", "1w", "9999999d"])
def test_another_interval_is_refused(text: str) -> None:
    with pytest.raises(ScheduleError, match=r"^--every: must be whole minutes, hours or days"):
        schedule.every(text, START, START + DAY)


def test_a_cron_line_follows_weekdays_and_the_clock_of_its_place() -> None:
    runs = schedule.cron("30 6 * * 1-5", "Europe/Berlin", START, START + 3 * DAY)
    assert [timestamps.render(run) for run in runs] == ["2026-03-30T04:30:00Z"]
    winter = schedule.cron("30 6 * * 1-5", "Europe/Berlin", START - DAY, START)
    assert [timestamps.render(run) for run in winter] == ["2026-03-27T05:30:00Z"]
    assert schedule.cron("0 */6 * * *", "UTC", START, START + DAY)[0] == START + timedelta(hours=2)


@pytest.mark.parametrize("line", ["", "x", "* * * *", "61 * * * *", "0 0 31 2 *"])
def test_another_cron_line_is_refused_or_never_runs(line: str) -> None:
    try:
        assert schedule.cron(line, "UTC", START, START + DAY) == []
    except ScheduleError as error:
        assert str(error).startswith("--cron: must be a cron line of five fields")  # noqa: PT017 - one of two ends


@pytest.mark.parametrize("zone", ["", "Nowhere/At all", "../etc/passwd", "/etc/passwd"])
def test_another_place_is_refused(zone: str) -> None:
    with pytest.raises(ScheduleError, match=r"^--timezone: must be a time zone"):
        schedule.cron("* * * * *", zone, START, START + DAY)


def test_too_many_runs_are_refused() -> None:
    with pytest.raises(ScheduleError, match=r"^--days: at most 20000 runs"):
        schedule.every("1m", START, START + 15 * DAY)
