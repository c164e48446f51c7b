from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant_sessions_provider.core import timestamps

OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda count: timezone(timedelta(minutes=count)))
TIMESTAMPS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=OFFSETS)  # noqa: DTZ001 - naive bounds
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "timestamp"),
    [
        ("2026-11-24T12:00:00Z", NOON),
        ("2026-11-24t12:00:00z", NOON),
        ("2026-11-24 12:00:00+00:00", NOON),
        ("2026-11-24T13:00:00+01:00", NOON),
        ("2026-11-24T04:30:00-07:30", NOON),
        ("2026-11-24T12:00:00.5Z", NOON + timedelta(milliseconds=500)),
        ("2026-11-24T12:00:00.123456789Z", NOON + timedelta(microseconds=123456)),
        # A leap second is the midnight after it.
        ("2026-11-24T23:59:60Z", NOON + timedelta(hours=12)),
        ("2026-11-24T15:59:60.25-08:00", NOON + timedelta(hours=12, milliseconds=250)),
        ("2026-11-25T05:29:60+05:30", NOON + timedelta(hours=12)),
        # The same local time before and after the end of daylight saving time.
        ("2026-10-25T02:30:00+02:00", datetime(2026, 10, 25, 0, 30, tzinfo=timezone.utc)),
        ("2026-10-25T02:30:00+01:00", datetime(2026, 10, 25, 1, 30, tzinfo=timezone.utc)),
    ],
)
def test_every_rfc_3339_form_is_parsed(text: str, timestamp: datetime) -> None:
    assert timestamps.parse(text) == timestamps.parse_or_none(text) == timestamp


@pytest.mark.parametrize(
    "value",
    [
        "",
        "tomorrow",
        "2026-11-24",
        "2026-11-24T12:00:00",
        "2026-11-24T12:00Z",
        "2026-11-24T12:00:00+0100",
        "2026-11-24T12:00:00.Z",
        "2026-02-30T12:00:00Z",
        "2026-11-24T24:00:00Z",
        "2026-11-24T12:00:00+24:00",
        "2026-11-24T12:00:60Z",
        "2026-11-24T23:59:60+01:00",
        "2026-11-24T23:59:61Z",
        "9999-12-31T23:59:60Z",
        "2026-11-24T12:00:00Z\n",
        "٢٠٢٦-11-24T12:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        None,
        1_800_000_000,
    ],
)
def test_anything_else_is_refused(value: object) -> None:
    assert timestamps.parse_or_none(value) is None
    if isinstance(value, str):
        with pytest.raises(ValueError, match=r".") as caught:
            timestamps.parse(value)
        assert not value or value not in str(caught.value)


@given(TIMESTAMPS)
def test_rendering_is_utc_with_z_truncated_to_seconds(timestamp: datetime) -> None:
    text = timestamps.render(timestamp)
    assert text.endswith("Z")
    assert timestamps.parse(text) == timestamp.astimezone(timezone.utc).replace(microsecond=0)
    assert timestamps.render(timestamps.parse(text)) == text


@given(TIMESTAMPS)
def test_isoformat_of_python_is_parsed_exactly(timestamp: datetime) -> None:
    assert timestamps.parse(timestamp.isoformat()) == timestamp


@given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", fullmatch=True))
def test_any_text_is_a_timestamp_with_an_offset_or_none(text: str) -> None:
    timestamp = timestamps.parse_or_none(text)
    assert timestamp is None or timestamp.tzinfo is not None


@given(TIMESTAMPS, st.integers(-3_000_000, 3_000_000))
def test_only_a_second_or_more_makes_another_timestamp(timestamp: datetime, microseconds: int) -> None:
    other = timestamp + timedelta(microseconds=microseconds)
    same = abs(microseconds) < 1_000_000
    assert timestamps.same(timestamp, other) is timestamps.same(other, timestamp) is same
    old, new = timestamp.isoformat(), other.astimezone(timezone.utc).isoformat()
    assert timestamps.respelled(new, old) == (old if same else new)


@pytest.mark.parametrize("value", [None, "", "tomorrow", 1_800_000_000, NOON.isoformat()])
def test_only_a_timestamp_takes_over_a_former_spelling(value: object) -> None:
    assert timestamps.respelled(value, "tomorrow") == timestamps.respelled(value, None) == value
    assert timestamps.respelled("tomorrow", value) == "tomorrow"
    assert timestamps.same(None, NOON) is timestamps.same(NOON, None) is False
    assert timestamps.same(None, None)


@pytest.mark.parametrize(
    ("before", "after", "minutes"),
    [
        # Clocks in Berlin go forward at 01:00Z on 29 March 2026, and back at 01:00Z on 25 October.
        ("2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00", 60),
        ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", 60),
    ],
)
def test_differences_are_exact_across_daylight_saving_changes(before: str, after: str, minutes: int) -> None:
    assert timestamps.parse(after) - timestamps.parse(before) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-10:00"])
def test_a_timestamp_that_utc_cannot_express_says_so(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not between the years 1 and 9999 in UTC$"):
        timestamps.parse(text)
