"""`until` reads the clock and the zones of this machine; `core/time_of_day.py` decides."""

from __future__ import annotations

import sys
import zoneinfo
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock
from zoneinfo import ZoneInfo

import pulumi
import pytest

from quant_sessions_provider import Session, until
from quant_sessions_provider.core import time_of_day
from tests.support.mocked import run_mocked

if TYPE_CHECKING:
    from collections.abc import Iterator

HOURS = [f"{hour}:00" for hour in range(24)]


@pytest.fixture
def _no_zones(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run on a machine without a database of time zones."""
    for module in {"tzdata", *(name for name in sys.modules if name.startswith("tzdata."))}:
        monkeypatch.setitem(sys.modules, module, None)
    zoneinfo.reset_tzpath(to=())
    ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()


def _refusal(at: Any, tz: Any) -> str:  # noqa: ANN401 - what no type checker lets pass
    with pytest.raises(pulumi.RunError) as refusal:
        until(at, tz=tz)
    return str(refusal.value)


@pytest.mark.parametrize("at", HOURS)
def test_it_counts_from_now(at: str) -> None:
    zone = ZoneInfo("Asia/Kathmandu")
    before = datetime.now(timezone.utc)
    found = until(at, tz="Asia/Kathmandu")
    after = datetime.now(timezone.utc)
    assert found in {time_of_day.next_expiry(time_of_day.parse(at), zone, now) for now in (before, after)}
    assert before < datetime.fromisoformat(found) <= after + timedelta(hours=24)
    assert found.endswith("+05:45")


def test_it_is_an_input_of_a_session() -> None:
    moment = until("18:00", tz="UTC")
    declared = run_mocked(lambda: Session("desk", user_id="u", expires_at=moment).urn).declared
    assert declared["desk"]["expiresAt"] == moment


@pytest.mark.parametrize("at", ["18", "25:00", "my secret", None, pulumi.Output])
def test_a_malformed_time_is_one_line_that_does_not_repeat_it(at: object) -> None:
    problem = 'until: at must be a string with a time of day on a 24-hour clock, such as "18:00"'
    assert _refusal(at, "Europe/Berlin") == problem


@pytest.mark.parametrize(
    "tz",
    [
        "",
        "Berlin",
        "Europe",
        "Europe/Berlin ",
        "../UTC",
        "/etc/hostname",
        "tzdata.zi",
        "a\0b",
        "\ud800",
        "x" * 999,
        None,
    ],
)
def test_an_unknown_zone_is_one_line_that_does_not_repeat_it(tz: object) -> None:
    assert _refusal("18:00", tz) == "until: tz must be the IANA name of a time zone, such as Europe/Berlin"


@pytest.mark.usefixtures("_no_zones")
@pytest.mark.parametrize("tz", ["Europe/Berlin", "UTC", "Berlin"])
def test_a_machine_without_time_zones_is_one_line(tz: str) -> None:
    assert _refusal("18:00", tz) == "until: this machine has no time zones: install the package tzdata"


def test_an_hour_of_25_that_is_too_far_away_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Mock(now=lambda _: datetime(2026, 10, 24, 16, 30, tzinfo=timezone.utc))
    monkeypatch.setattr("quant_sessions_provider.sdk.until.datetime", clock)
    assert _refusal("18:00", "Europe/Berlin").startswith("until: the next 18:00 is more than 24 hours away, since")
    assert until("19:00", tz="Europe/Berlin") == "2026-10-24T19:00:00+02:00"
