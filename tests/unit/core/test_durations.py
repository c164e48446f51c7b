from __future__ import annotations

from datetime import timedelta

import pytest

from quant_sessions_provider.core import durations


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("50m", 50), ("2h", 120), ("1h30m", 90), ("1d", 1440), (" 1d2h3m ", 1563), ("999999m", 999_999)],
)
def test_days_hours_and_minutes_are_added(text: str, minutes: int) -> None:
    assert durations.parse(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", " ", "5", "m", "0m", "-5m", "05m", "1.5h", "30m1h", "1h1h", "1h 30m", "1w", "1H"])
def test_anything_else_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=r"^must be whole minutes, hours or days, such as 30m, 12h, 1d or 1h30m$"):
        durations.parse(text)
