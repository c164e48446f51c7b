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
def test_an_invalid_interval_is_rejected(text: str) -> None:
    with pytest.raises(ScheduleError, match=r"^--every: must be whole minutes, hours or days"):
        schedule.every(text, START, START + DAY)


def test_a_cron_expression_follows_weekdays_and_its_time_zone() -> None:
    runs = schedule.cron("30 6 * * 1-5", "Europe/Berlin", START, START + 3 * DAY)
    assert [timestamps.render(run) for run in runs] == ["2026-03-30T04:30:00Z"]
    winter = schedule.cron("30 6 * * 1-5", "Europe/Berlin", START - DAY, START)
    assert [timestamps.render(run) for run in winter] == ["2026-03-27T05:30:00Z"]
    assert schedule.cron("0 */6 * * *", "UTC", START, START + DAY)[0] == START + timedelta(hours=2)


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("", "must have five fields (minute, hour, day of month, month, day of week), not 0"),
        ("@daily", "must have five fields (minute, hour, day of month, month, day of week), not 1"),
        ("* * * *", "must have five fields (minute, hour, day of month, month, day of week), not 4"),
        ("0 * * * * *", "must have five fields (minute, hour, day of month, month, day of week), not 6"),
        ("61 * * * *", "the minute '61' is not valid"),
        ("0 24 * * *", "the hour '24' is not valid"),
        ("0 0 0 * *", "the day of month '0' is not valid"),
        ("0 0 1 13 *", "the month '13' is not valid"),
        ("0 0 * * 1-x", "the day of week '1-x' is not valid"),
        ("x y z * *", "the minute 'x' is not valid"),
        ("0 0 31 2 *", "no month of this expression has such a day"),
    ],
)
def test_an_invalid_cron_expression_is_rejected_with_its_wrong_field(line: str, rule: str) -> None:
    with pytest.raises(ScheduleError) as refused:
        schedule.cron(line, "UTC", START, START + DAY)
    assert str(refused.value) == f"--cron: {rule}"


@pytest.mark.parametrize(("line", "count"), [("*/15 0-6,22-23 1,15 JAN-MAR MON#1", 0), (" 0  12 L * 5L ", 1)])
def test_five_fields_of_any_kind_are_accepted(line: str, count: int) -> None:
    assert len(schedule.cron(line, "UTC", START, START + DAY)) == count


def test_runs_near_the_last_year() -> None:
    late = timestamps.parse("8999-12-31T00:00:00Z")
    assert schedule.every("999999d", late, late + DAY) == []
    assert len(schedule.cron("0 0 1 1 *", "Asia/Tokyo", late, late + DAY)) == 1


@pytest.mark.parametrize("zone", ["", "Nowhere/At all", "../etc/passwd", "/etc/passwd"])
def test_an_unknown_time_zone_is_rejected(zone: str) -> None:
    with pytest.raises(ScheduleError, match=r"^--timezone: must be a time zone"):
        schedule.cron("* * * * *", zone, START, START + DAY)


def test_too_many_runs_are_rejected() -> None:
    with pytest.raises(ScheduleError, match=r"^--days: at most 20000 runs"):
        schedule.every("1m", START, START + 15 * DAY)
