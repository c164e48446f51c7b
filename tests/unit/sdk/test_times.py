"""Times as Python's own types: what a session and a group declare for them, under Pulumi's mocks."""

from __future__ import annotations

import enum
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant_sessions_provider import Session, SessionGroup
from quant_sessions_provider.core import timestamps
from tests.support.mocked import run_mocked

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=timezone.utc)
ZONES = st.timezones() | st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2037, 1, 1), timezones=ZONES)  # noqa: DTZ001 - naive bounds
NAIVE = "expires_at: is a datetime without a time zone; use a datetime with tzinfo"
DECLARE: dict[str, Callable[..., pulumi.Output[Any]]] = {
    "desk": lambda **times: Session("desk", user_id="u", **times).urn,
    "all-u": lambda **times: pulumi.Output.all(SessionGroup("all", user_ids=["u", "v"], **times).session_ids),
}
WRAP: dict[str, Callable[[Any], Any]] = {
    "plain": lambda value: value,
    "output": pulumi.Output.from_input,
    "secret": pulumi.Output.secret,
}


class Ends(enum.Enum):
    """An enumeration of a program's own."""

    NOON = NOW


@pytest.mark.parametrize("wrap", WRAP)
@pytest.mark.parametrize("name", DECLARE)
def test_times_are_declared_in_the_types_of_the_api(name: str, wrap: str) -> None:
    def declared(**times: object) -> dict[str, Any]:
        def program() -> pulumi.Output[Any]:
            return DECLARE[name](**{key: WRAP[wrap](value) for key, value in times.items()})

        inputs = run_mocked(program).declared[name].items()
        return {key: value["value"] if isinstance(value, dict) else value for key, value in inputs}

    assert declared(expires_at=NOW)["expiresAt"] == "2026-11-24T12:00:00+00:00"
    local = datetime(2026, 11, 24, 17, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    assert declared(expires_at=local)["expiresAt"] == "2026-11-24T17:00:00+01:00"
    assert declared(expires_at=Ends.NOON)["expiresAt"] == "2026-11-24T12:00:00+00:00"
    spans = declared(expiration_minutes=timedelta(hours=8), renew_before_minutes=timedelta(minutes=45))
    assert (spans["expirationMinutes"], spans["renewBeforeMinutes"]) == (480, 45)


@given(MOMENTS)
def test_a_datetime_is_the_timestamp_that_it_is_written_as(moment: datetime) -> None:
    declared = run_mocked(lambda: Session("desk", user_id="u", expires_at=moment).urn).declared["desk"]["expiresAt"]
    assert declared == moment.isoformat()
    assert timestamps.parse(declared) == moment.astimezone(timezone.utc)


@given(st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_a_timedelta_is_whole_minutes_or_a_fraction_for_check_to_refuse(span: timedelta) -> None:
    declared = run_mocked(lambda: Session("desk", user_id="u", expiration_minutes=span).urn).declared["desk"]
    minutes = declared["expirationMinutes"]
    assert minutes.is_integer() is (span % timedelta(minutes=1) == timedelta())
    assert minutes == pytest.approx(span.total_seconds() / 60)


@pytest.mark.parametrize(("name", "owner"), [("desk", "session desk"), ("all-u", "session group all")])
def test_a_datetime_without_a_time_zone_is_refused_in_one_line(name: str, owner: str) -> None:
    with pytest.raises(pulumi.RunError) as refusal:
        run_mocked(lambda: DECLARE[name](expires_at=NOW.replace(tzinfo=None)))
    assert str(refusal.value) == f"{owner}: {NAIVE}"


@pytest.mark.parametrize("wrap", ["output", "secret"])
def test_under_mocks_which_run_no_check_it_is_refused_once_it_is_known(wrap: str) -> None:
    with pytest.raises(Exception, match=f"^{NAIVE}$"):
        run_mocked(lambda: DECLARE["desk"](expires_at=WRAP[wrap](NOW.replace(tzinfo=None))))


@pytest.mark.parametrize(
    ("argument", "value", "problem"),
    [
        ("expires_at", date(2026, 11, 24), "is a date without a time zone; use a datetime with tzinfo"),
        ("expires_at", timedelta(hours=1), "is a value of type timedelta, which JSON cannot represent"),
        ("expiration_minutes", NOW, "is a value of type datetime, which JSON cannot represent; use isoformat()"),
        ("metadata", {"a": timedelta(hours=1)}, "contains a value of type timedelta, which JSON cannot represent"),
        ("metadata", {"expires_at": NOW}, "contains a value of type datetime, which JSON cannot represent"),
    ],
)
def test_they_are_times_only_where_times_are_declared(argument: str, value: object, problem: str) -> None:
    times: dict[str, Any] = {argument: value}
    with pytest.raises(pulumi.RunError) as refusal:
        run_mocked(lambda: Session("desk", user_id="u", **times))
    assert str(refusal.value).startswith(f"session desk: {argument}: {problem}")
