from __future__ import annotations

from contextlib import suppress
from datetime import datetime, time, timedelta, timezone
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.errors import RefusedError
from quant_sessions_provider.core.time_of_day import next_expiry, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

MINUTE = timedelta(minutes=1)
DAY = timedelta(hours=24)
INSTANT = timedelta(microseconds=1)
BERLIN = ZoneInfo("Europe/Berlin")
CLOCKS_CHANGE = [
    ("Europe/Berlin", "2026-03-29T01:00:00Z"),
    ("Europe/Berlin", "2026-10-25T01:00:00Z"),
    ("America/New_York", "2026-11-01T06:00:00Z"),
    # By half an hour, and by two.
    ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
    ("Antarctica/Troll", "2026-03-29T01:00:00Z"),
    ("Antarctica/Troll", "2026-10-25T01:00:00Z"),
    # From midnight, to midnight and back to it, and from a minute after it to the day before.
    ("Africa/Cairo", "2026-04-23T22:00:00Z"),
    ("America/Nuuk", "2026-03-29T01:00:00Z"),
    ("America/Havana", "2026-11-01T05:00:00Z"),
    ("America/St_Johns", "2010-11-07T02:31:00Z"),
    # A whole day is skipped.
    ("Pacific/Apia", "2011-12-30T10:00:00Z"),
    ("Asia/Kathmandu", "2026-11-24T12:00:00Z"),
]
UTC = st.just(timezone.utc)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1), timezones=UTC)  # noqa: DTZ001 - naive bounds
ZONES = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
CLOCKS = st.times(max_value=time(23, 59)).map(lambda clock: clock.replace(second=0, microsecond=0))


@st.composite
def _near_a_change(draw: st.DrawFn) -> tuple[time, ZoneInfo, datetime]:
    """Return a time of day, a zone and a moment, often close to a change of its clocks."""
    name, text = draw(st.sampled_from(CLOCKS_CHANGE))
    zone, change = ZoneInfo(name), timestamps.parse(text)
    # Clocks may skip it.
    near = st.integers(-200, 200).map(lambda minutes: (_shown(change - MINUTE, zone) + minutes * MINUTE).time())
    clock = draw(CLOCKS | near)
    seconds = draw(st.integers(-9000, 9000) | st.integers(-2 * 86400, 2 * 86400))
    return clock, zone, change + timedelta(seconds=seconds)


def _shown(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _as_clocks_go(clock: time, zone: ZoneInfo, now: datetime) -> Iterator[datetime]:
    """Watch clocks minute by minute, from the day before now on."""
    moment = (now - DAY).replace(second=0, microsecond=0)
    while True:
        moment += MINUTE
        before, after = _shown(moment - MINUTE, zone) + MINUTE, _shown(moment, zone)
        if after.time() == clock:
            yield moment
        if after > before:
            days = (before.date() + count * DAY for count in range((after - before).days + 2))
            skipped = [datetime.combine(day, clock) for day in days]
            yield from (moment + (one - before) for one in skipped if before <= one < after)


@given(_near_a_change())
def test_it_is_what_clocks_show_next(drawn: tuple[time, ZoneInfo, datetime]) -> None:
    clock, zone, now = drawn
    watched = _as_clocks_go(clock, zone, now)
    expected = min([next(watched) for _ in range(5)], key=lambda moment: (moment <= now, moment))
    if expected - now > DAY:
        with pytest.raises(RefusedError, match=r"since clocks go back before it"):
            next_expiry(clock, zone, now)
        return
    assert next_expiry(clock, zone, now) == expected.astimezone(zone).isoformat()


@given(_near_a_change() | st.tuples(CLOCKS, ZONES, MOMENTS), st.data())
def test_it_stays_until_it_has_come(drawn: tuple[time, ZoneInfo, datetime], data: st.DataObject) -> None:
    clock, zone, now = drawn
    try:
        found = timestamps.parse(next_expiry(clock, zone, now)).astimezone(timezone.utc)
    except RefusedError:
        # It is too far away by as much as clocks go back.
        assert timestamps.parse(next_expiry(clock, zone, now + timedelta(hours=3))) > now + DAY
        return
    assert now < found <= now + DAY
    later = data.draw(st.datetimes(*(moment.replace(tzinfo=None) for moment in (now, found - INSTANT)), timezones=UTC))
    assert next_expiry(clock, zone, later) == next_expiry(clock, zone, now)
    assert next_expiry(clock, zone, found - INSTANT) == next_expiry(clock, zone, now)
    # When it has come it is another; within an hour of 25 it is too far away.
    with suppress(RefusedError):
        assert timestamps.parse(next_expiry(clock, zone, found)) > found


@pytest.mark.parametrize(
    ("now", "clock", "expected"),
    [
        ("2026-11-24T09:00:00Z", "18:00", "2026-11-24T18:00:00+01:00"),
        # To the last second it is today's; then tomorrow's.
        ("2026-11-24T16:59:59.999999Z", "18:00", "2026-11-24T18:00:00+01:00"),
        ("2026-11-24T17:00:00Z", "18:00", "2026-11-25T18:00:00+01:00"),
        ("2026-11-24T23:30:00Z", "0:15", "2026-11-26T00:15:00+01:00"),
        # Clocks skip 02:30 and show 03:30 when it would have been; then they repeat it.
        ("2026-03-28T12:00:00Z", "02:30", "2026-03-29T03:30:00+02:00"),
        ("2026-03-28T17:00:00Z", "18:00", "2026-03-29T18:00:00+02:00"),
        ("2026-10-24T12:00:00Z", "02:30", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T00:30:00Z", "02:30", "2026-10-25T02:30:00+01:00"),
        ("2026-10-25T01:30:00Z", "02:30", "2026-10-26T02:30:00+01:00"),
        # The day of 25 hours: an hour after the last 18:00 the next is near enough.
        ("2026-10-24T17:00:00Z", "18:00", "2026-10-25T18:00:00+01:00"),
    ],
)
def test_berlin(now: str, clock: str, expected: str) -> None:
    assert next_expiry(parse(clock), BERLIN, timestamps.parse(now)) == expected


def test_in_nuuk_clocks_skip_the_last_hour_of_a_day() -> None:
    nuuk = ZoneInfo("America/Nuuk")
    for now in ("2026-03-28T03:00:00Z", "2026-03-29T00:59:00Z", "2026-03-29T01:29:59Z"):
        assert next_expiry(time(23, 30), nuuk, timestamps.parse(now)) == "2026-03-29T00:30:00-01:00"
    assert next_expiry(time(23, 30), nuuk, timestamps.parse("2026-03-29T01:30:00Z")) == "2026-03-29T23:30:00-01:00"


@pytest.mark.parametrize("now", ["2026-10-24T16:00:00Z", "2026-10-24T16:59:59Z"])
def test_on_the_day_of_25_hours_it_may_be_too_far_away(now: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        next_expiry(time(18), BERLIN, timestamps.parse(now))
    assert str(refusal.value) == (
        "the next 18:00 is more than 24 hours away, since clocks go back before it, and no session lives longer:"
        " run again from 19:00 on, or declare expiration_minutes"
    )


@pytest.mark.parametrize(
    ("text", "clock"), [("18:00", time(18)), ("9:05", time(9, 5)), ("00:00", time(0)), ("23:59", time(23, 59))]
)
def test_a_time_of_day_is_parsed(text: str, clock: time) -> None:
    assert parse(text) == clock


@pytest.mark.parametrize(
    "text",
    ["", "18", "24:00", "18:60", "6:00 pm", "18:00:00", " 18:00", "18:00\n", "-1:00", "١٨:00", None, 18, time(18)],
)
def test_anything_else_is_refused_without_repeating_it(text: object) -> None:
    with pytest.raises(RefusedError) as refusal:
        parse(text)
    assert str(refusal.value) == 'at must be a string with a time of day on a 24-hour clock, such as "18:00"'
