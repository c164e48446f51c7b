"""The numbered rules are those of `docs/expiry.md`."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.expiry import (
    extension,
    first_lifetime,
    later,
    lost_by_extension,
    must_ask,
    needs_request,
    plan_expiry,
    short_grant_due,
)
from quant_sessions_provider.core.model import UNKNOWN
from quant_sessions_provider.core.state import Expiry
from tests.support.fakes import NOW, A, at, change
from tests.unit.core.lifetimes import applied, declared

OPEN = {"role": "user", "content": UNKNOWN}
LOCAL = "2026-11-24T13:09:00+01:00"
LIFETIMES = st.integers(5, 1440)
SECONDS = st.integers(-2 * 86_400, 2 * 86_400)
ON_EXPIRED = st.sampled_from(["recreate", "ignore", "error"])


@pytest.mark.parametrize(
    ("old", "new", "planned"),
    [
        pytest.param({}, declared(), at(60), id="creation"),
        pytest.param({}, declared(status="completed"), at(60), id="creation, completed"),
        pytest.param(declared(60, at(9)), declared(), at(9), id="nothing due"),
        pytest.param(declared(60, at(-9)), declared(status="completed"), at(-9), id="completed: carried over"),
        pytest.param(declared(60, at(9)), declared(90, status="completed"), at(9), id="completed before raised"),
        pytest.param(declared(60, at(0)), declared(), at(60), id="expires now"),
        pytest.param(declared(60, at(0, seconds=1)), declared(), at(0, seconds=1), id="a second left"),
        pytest.param(declared(60, at(-9)), declared(onExpired="error"), at(60), id="expired: error"),
        pytest.param(declared(60, at(-9)), declared(onExpired="ignore"), at(-9), id="expired: ignore"),
        pytest.param(declared(60, at(-9)), declared(61, onExpired="ignore"), at(61), id="expired: ignore, raised"),
        pytest.param(declared(60, at(-9)), declared(59, onExpired="ignore"), at(-9), id="expired: ignore, lowered"),
        pytest.param(declared(60, at(9)), declared(90), at(39), id="raised"),
        pytest.param(declared(60, at(9)), declared(30), at(9), id="lowered"),
        pytest.param(declared(60, at(9)), declared(renewBeforeMinutes=8), at(9), id="renewal not due"),
        pytest.param(declared(60, at(9)), declared(renewBeforeMinutes=9), at(60), id="renewal due to the minute"),
        pytest.param(declared(60, at(9.1)), declared(renewBeforeMinutes=9), at(9.1), id="seconds too early"),
        pytest.param(declared(60, at(8.5)), declared(renewBeforeMinutes=9), at(60.5), id="whole minutes"),
        pytest.param(declared(60, at(9)), declared(90, renewBeforeMinutes=38), at(39), id="raised, so not due"),
        pytest.param(declared(60, at(9)), declared(90, renewBeforeMinutes=39), at(90), id="raised, but still due"),
        pytest.param(declared(60, at(-9)), declared(onExpired="ignore", renewBeforeMinutes=9), at(-9), id="no renewal"),
        pytest.param({"expiresAt": LOCAL}, declared(), LOCAL, id="from expires_at: as written"),
        pytest.param({"expiresAt": at(9)}, declared(renewBeforeMinutes=10), at(60), id="from expires_at, then renewed"),
        pytest.param(declared(60, at(9)), declared(UNKNOWN), UNKNOWN, id="unknown lifetime"),
        pytest.param(declared(60, at(9)), declared(renewBeforeMinutes=UNKNOWN), UNKNOWN, id="unknown renewal"),
        pytest.param(declared(UNKNOWN, UNKNOWN), declared(), at(60), id="no known expiry before"),
    ],
)
def test_check_plans_the_expiry(old: dict[str, Any], new: dict[str, Any], planned: object) -> None:
    assert plan_expiry(old, new, NOW) == planned


@given(LIFETIMES, LIFETIMES, SECONDS, ON_EXPIRED, st.data())
def test_a_planned_expiry_is_stable_and_never_earlier(
    before: int, lifetime: int, left: int, on_expired: str, data: st.DataObject
) -> None:
    ahead = data.draw(st.none() | st.integers(1, lifetime - 1))
    renewal = {} if ahead is None else {"renewBeforeMinutes": ahead}
    old, new = declared(before, at(0, seconds=left)), declared(lifetime, onExpired=on_expired) | renewal
    planned = plan_expiry(old, new, NOW)
    assert isinstance(planned, str)
    expiry, carried = timestamps.parse(planned), planned == old["expiresAt"]
    assert expiry >= NOW + timedelta(seconds=left)
    if left <= 0:
        assert carried == (on_expired == "ignore" and lifetime <= before)
        assert carried or expiry == NOW + timedelta(minutes=lifetime)
    elif ahead is not None:
        assert expiry > NOW + timedelta(minutes=ahead)
    assert plan_expiry(new | {"expiresAt": planned}, new, NOW) == planned


@pytest.mark.parametrize(
    ("granted", "more", "due"),
    [
        (at(0), {}, True),
        (at(0, seconds=1), {}, False),
        (at(0), {"onExpired": "error"}, True),
        (at(0), {"onExpired": "ignore"}, False),
        (at(0), {"status": "completed"}, False),
        (at(10), {"renewBeforeMinutes": 10}, True),
        (at(10), {"renewBeforeMinutes": 9}, False),
        (at(10), {"renewBeforeMinutes": UNKNOWN}, False),
        (at(45), {"renewBeforeMinutes": 59}, False),  # 15 minutes less is clock skew
        (at(200), {"renewBeforeMinutes": 59}, False),
    ],
)
def test_a_short_grant_can_make_a_session_due(granted: str, more: dict[str, Any], due: object) -> None:
    outputs = applied(at(60), granted)
    assert short_grant_due(change(outputs, declared(60, at(60), **more)), NOW) is due


def test_a_short_grant_is_not_due_with_expires_at_or_after_the_planned_expiry() -> None:
    by_hand = {"expiresAt": at(60), "onExpired": "recreate", "status": "active"}
    assert not short_grant_due(change(applied(at(60), at(-1)), by_hand), NOW)
    assert not short_grant_due(change(applied(at(0), at(-60)), declared(60, at(0))), NOW)


@pytest.mark.parametrize(
    ("outputs", "new", "minutes"),
    [
        pytest.param(applied(at(9)), declared(60, at(9)), 0, id="not moved"),
        pytest.param(applied(at(9)), declared(60, at(39)), 30, id="moved"),
        pytest.param(applied(at(9)), declared(60, at(9, seconds=1)), 1, id="rounded up"),
        pytest.param(applied(at(9)), declared(60, at(8)), 0, id="earlier"),
        pytest.param(applied(at(-9)), declared(60, at(60)), 60, id="from now, if past"),
        pytest.param(applied(at(9), at(20)), declared(60, at(39)), 30, id="skew cancels out"),
        pytest.param(applied(at(9), at(200)), declared(60, at(39)), 0, id="granted beyond"),
        pytest.param(applied(at(60), at(9)), declared(60, at(60)), 0, id="short grant, not due"),
        pytest.param(applied(at(60), at(9)), declared(60, at(60), renewBeforeMinutes=9), 51, id="short grant, due"),
        pytest.param(applied(at(9)), declared(60, at(1449)), 1440, id="a day"),
        pytest.param(applied(at(9)), declared(60, at(1450)), 1440, id="at most a day"),
        pytest.param(applied(at(9)), declared(60, UNKNOWN), 0, id="unknown"),
        pytest.param(applied(None), declared(60, at(30)), 30, id="no known expiry"),
    ],
)
def test_an_extension_is_the_difference(outputs: dict[str, Any], new: dict[str, Any], minutes: int) -> None:
    assert extension(change(outputs, new), NOW) == minutes


@given(st.integers(1, 86_400), SECONDS, st.integers(-600, 600))
def test_ten_minutes_of_constant_skew_do_not_change_an_extension(left: int, further: int, skew: int) -> None:
    planned = declared(60, at(0, seconds=left + further))
    plain = extension(change(applied(at(0, seconds=left)), planned), NOW)
    assert extension(change(applied(at(0, seconds=left), at(0, seconds=left + skew)), planned), NOW) == plain
    assume(0 < further <= 86_400)
    assert 60 * (plain - 1) < further <= 60 * plain


@pytest.mark.parametrize(
    ("new", "sends"),
    [
        (declared(60, at(-9)), False),
        (declared(60, at(-8)), False),  # moved to the past
        (declared(60, at(5)), True),
        (declared(60, at(-9), metadata={}), True),
        (declared(60, at(-9), status="completed"), True),
        (declared(60, at(-9), messages=[A]), True),
        (declared(60, at(-9), messages=[OPEN]), True),
        (declared(60, at(-9), messages=[]), False),
        (declared(30, at(-9), onExpired="ignore", renewBeforeMinutes=1), False),
    ],
)
def test_diff_sends_a_request_only_after_expiry_and_if_a_change_needs_one(new: dict[str, Any], sends: object) -> None:
    past, alive = applied(at(-9)), applied(at(1))
    assert needs_request(change(past, new), NOW) is must_ask(change(past, new), NOW) is sends
    assert not must_ask(change(alive, new), NOW)


@given(LIFETIMES, SECONDS)
def test_a_creation_requests_the_lifetime_or_the_minutes_until_expires_at(lifetime: int, left: int) -> None:
    assert first_lifetime(declared(lifetime, at(9)), NOW) == lifetime
    minutes = first_lifetime({"expiresAt": at(0, seconds=left)}, NOW)
    assert minutes == min(max(-(-left // 60), 5), 1440)


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        (LOCAL, 1, "2026-11-24T12:10:00Z"),
        (LOCAL, -5, "2026-11-24T12:09:00Z"),
        ("9999-12-31T23:59:59+00:00", 60, "9999-12-31T23:59:59Z"),
    ],
)
def test_a_later_time_is_in_utc_and_ends_with_the_year_9999(start: str, minutes: int, end: str) -> None:
    found = later(timestamps.parse(start), minutes)
    assert timestamps.render(found) == end
    assert found.tzinfo is timezone.utc


@pytest.mark.parametrize(("before", "minutes", "granted", "lost"), [(60, 30, 60, 0), (60, 30, 45, 45), (60, 30, 90, 0)])
def test_an_extension_that_ends_before_the_earlier_grant_loses_minutes(
    before: float, minutes: int, granted: float, lost: int
) -> None:
    earlier = Expiry.of({"grantedExpiresAt": at(before)})
    assert lost_by_extension(earlier, minutes, timestamps.parse(at(granted))) == lost
    assert lost_by_extension(earlier, minutes, None) == 0
    assert lost_by_extension(Expiry.of({}), minutes, timestamps.parse(at(granted))) == 0
