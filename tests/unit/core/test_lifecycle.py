"""The numbered rules are those of `docs/expiry.md`."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from quant_sessions_provider.core import lifecycle, timestamps
from quant_sessions_provider.core.model import UNKNOWN

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=timezone.utc)
A, B, C = ({"role": "user", "content": text} for text in "ABC")
OPEN = {"role": "user", "content": UNKNOWN}
SYSTEM = {"role": "system", "content": "Help."}
LOCAL = "2026-11-24T13:09:00+01:00"
LIFETIMES = st.integers(5, 1440)
SECONDS = st.integers(-2 * 86_400, 2 * 86_400)
ON_EXPIRED = st.sampled_from(["recreate", "ignore", "error"])


def at(minutes: float, *, seconds: float = 0) -> str:
    return (NOW + timedelta(minutes=minutes, seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def declared(lifetime: object = 60, expires_at: object = None, **more: object) -> dict[str, Any]:
    moment = {} if expires_at is None else {"expiresAt": expires_at}
    return {"expirationMinutes": lifetime, "onExpired": "recreate", "status": "active"} | moment | more


def applied(asked: str | None, granted: str | None = None, **more: object) -> dict[str, Any]:
    return declared(60, asked, **more) | ({} if granted is None else {"grantedExpiresAt": granted})


# --- rule 1 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "planned"),
    [
        pytest.param({}, declared(), at(60), id="creation"),
        pytest.param({}, declared(status="completed"), at(60), id="creation of a completed one"),
        pytest.param(declared(60, at(9)), declared(), at(9), id="nothing due"),
        pytest.param(declared(60, at(-9)), declared(status="completed"), at(-9), id="completed: carried over"),
        pytest.param(declared(60, at(9)), declared(90, status="completed"), at(9), id="completed before raised"),
        pytest.param(declared(60, at(0)), declared(), at(60), id="expired at this very moment"),
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
        pytest.param(declared(60, at(9)), declared(90, renewBeforeMinutes=39), at(90), id="raised, and due even so"),
        pytest.param(declared(60, at(-9)), declared(onExpired="ignore", renewBeforeMinutes=9), at(-9), id="no renewal"),
        pytest.param({"expiresAt": LOCAL}, declared(), LOCAL, id="from a moment: as written"),
        pytest.param({"expiresAt": at(9)}, declared(renewBeforeMinutes=10), at(60), id="from a moment, then renewed"),
        pytest.param(declared(60, at(9)), declared(UNKNOWN), UNKNOWN, id="unknown lifetime"),
        pytest.param(declared(60, at(9)), declared(renewBeforeMinutes=UNKNOWN), UNKNOWN, id="unknown renewal"),
        pytest.param(declared(UNKNOWN, UNKNOWN), declared(), at(60), id="no known moment before"),
    ],
)
def test_check_plans_the_expiry(old: dict[str, Any], new: dict[str, Any], planned: object) -> None:
    assert lifecycle.plan_expiry(old, new, NOW) == planned


@given(LIFETIMES, LIFETIMES, SECONDS, ON_EXPIRED, st.data())
def test_a_planned_expiry_settles_and_never_comes_closer(
    before: int, lifetime: int, left: int, on_expired: str, data: st.DataObject
) -> None:
    ahead = data.draw(st.none() | st.integers(1, lifetime - 1))
    renewal = {} if ahead is None else {"renewBeforeMinutes": ahead}
    old, new = declared(before, at(0, seconds=left)), declared(lifetime, onExpired=on_expired) | renewal
    planned = lifecycle.plan_expiry(old, new, NOW)
    assert isinstance(planned, str)
    moment, carried = timestamps.parse(planned), planned == old["expiresAt"]
    assert moment >= NOW + timedelta(seconds=left)
    if left <= 0:
        assert carried == (on_expired == "ignore" and lifetime <= before)
        assert carried or moment == NOW + timedelta(minutes=lifetime)
    elif ahead is not None:
        assert moment > NOW + timedelta(minutes=ahead)
    assert lifecycle.plan_expiry(new | {"expiresAt": planned}, new, NOW) == planned


# --- what moved, what replaces --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "changed", "replacing"),
    [
        ({}, [], []),
        ({"userId": "b"}, ["userId"], ["userId"]),
        ({"sessionGroup": UNKNOWN}, ["sessionGroup"], ["sessionGroup"]),
        ({"organization": "b", "userId": "b"}, ["userId", "organization"], ["userId", "organization"]),
        ({"expirationMinutes": 90, "expiresAt": at(39)}, ["expirationMinutes", "expiresAt"], []),
        ({"expiresAt": "2026-11-24T13:09:00.000+01:00"}, [], []),
        ({"expiresAt": UNKNOWN}, ["expiresAt"], []),
        ({"renewBeforeMinutes": 5, "onExpired": "ignore"}, ["renewBeforeMinutes", "onExpired"], []),
        ({"metadata": {"flag": True}}, ["metadata"], []),
        ({"metadata": {"flag": UNKNOWN}, "status": UNKNOWN}, ["metadata", "status"], []),
        ({"messages": [A, B, C]}, ["messages"], []),
        ({"messages": [A]}, ["messages"], ["messages"]),
        ({"messages": UNKNOWN}, ["messages"], ["messages"]),
        ({"baseUrl": "elsewhere", "title": "t"}, [], []),
    ],
)
def test_each_row_of_the_property_table(changes: dict[str, Any], changed: list[str], replacing: list[str]) -> None:
    outputs = applied(at(9), userId="a", organization="a", messages=[A, B], metadata={"flag": 1}, baseUrl="here")
    new = {key: value for key, value in outputs.items() if key != "baseUrl"} | changes
    assert lifecycle.changed_inputs(outputs, new) == changed
    assert lifecycle.replacing_inputs(outputs, new, changed) == replacing


@pytest.mark.parametrize(
    ("key", "replacing"), [("sessionGroup", ["sessionGroup"]), ("messages", ["messages"]), ("metadata", [])]
)
def test_a_property_that_is_no_longer_declared_has_moved(key: str, replacing: list[str]) -> None:
    outputs = applied(at(9), sessionGroup="g", messages=[A], metadata={})
    new = {name: value for name, value in outputs.items() if name != key}
    assert lifecycle.changed_inputs(outputs, new) == [key]
    assert lifecycle.replacing_inputs(outputs, new, [key]) == replacing


@pytest.mark.parametrize(
    ("before", "after", "appended"),
    [
        (None, None, []),
        (None, [A], [A]),
        ([A], [A, B, C], [B, C]),
        ([A], [A], []),
        ([A, B], [B], None),
        ([A, B], [B, A], None),
        ([A], [B], None),
        ([A], [A, SYSTEM], None),
        (None, [SYSTEM], None),
        ([SYSTEM], [SYSTEM, A], [A]),
        ([A], None, None),
        # What is not known yet may turn out as a change: the plan says the worst.
        ([A], [A, UNKNOWN], None),
        ([A], [UNKNOWN, B], None),
        ([A], [A, OPEN], [OPEN]),
    ],
)
def test_only_user_and_assistant_messages_at_the_end_are_an_append(
    before: list[Any] | None, after: list[Any] | None, appended: list[Any] | None
) -> None:
    old, new = ({} if messages is None else {"messages": messages} for messages in (before, after))
    assert lifecycle.new_messages(old, new) == appended


# --- rules 2 to 4 ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "granted", "known"),
    [
        (60, 60, 60),
        (60, 45, 60),
        (60, 75, 60),
        (60, 44.9, 44.9),
        (60, 75.1, 75.1),
        (60, None, 60),
        (None, 44, 44),
        (None, None, None),
    ],
)
def test_a_grant_more_than_15_minutes_off_is_the_known_expiry(
    asked: float | None, granted: float | None, known: float | None
) -> None:
    outputs = {key: at(m) for key, m in (("expiresAt", asked), ("grantedExpiresAt", granted)) if m is not None}
    expected = None if known is None else timestamps.parse(at(known))
    assert lifecycle.known_expiry(outputs) == expected
    assert lifecycle.lies_in_past(outputs, NOW) is False
    if expected:
        assert lifecycle.lies_in_past(outputs, expected)
        assert not lifecycle.lies_in_past(outputs, expected - timedelta(microseconds=1))


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
        (at(45), {"renewBeforeMinutes": 59}, False),  # 15 minutes short is clock skew
        (at(200), {"renewBeforeMinutes": 59}, False),
    ],
)
def test_a_shorter_grant_alone_makes_a_session_due(granted: str, more: dict[str, Any], due: object) -> None:
    outputs = applied(at(60), granted)
    assert lifecycle.short_grant_due(outputs, declared(60, at(60), **more), NOW) is due


def test_a_shorter_grant_of_a_moment_or_of_what_check_itself_sees_expired_is_not_due() -> None:
    by_hand = {"expiresAt": at(60), "onExpired": "recreate", "status": "active"}
    assert not lifecycle.short_grant_due(applied(at(60), at(-1)), by_hand, NOW)
    assert not lifecycle.short_grant_due(applied(at(0), at(-60)), declared(60, at(0)), NOW)


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
    assert lifecycle.extension(outputs, new, NOW) == minutes


@given(st.integers(1, 86_400), SECONDS, st.integers(-600, 600))
def test_ten_minutes_of_constant_skew_do_not_change_an_extension(left: int, further: int, skew: int) -> None:
    planned = declared(60, at(0, seconds=left + further))
    plain = lifecycle.extension(applied(at(0, seconds=left)), planned, NOW)
    assert lifecycle.extension(applied(at(0, seconds=left), at(0, seconds=left + skew)), planned, NOW) == plain
    assume(0 < further <= 86_400)
    assert 60 * (plain - 1) < further <= 60 * plain


@pytest.mark.parametrize(
    ("new", "sends"),
    [
        (declared(60, at(-9)), False),
        (declared(60, at(-8)), False),  # moved, to a past moment
        (declared(60, at(5)), True),
        (declared(60, at(-9), metadata={}), True),
        (declared(60, at(-9), status="completed"), True),
        (declared(60, at(-9), messages=[A]), True),
        (declared(60, at(-9), messages=[OPEN]), True),
        (declared(60, at(-9), messages=[]), False),
        (declared(30, at(-9), onExpired="ignore", renewBeforeMinutes=1), False),
    ],
)
def test_diff_asks_only_past_expiry_and_for_what_needs_a_request(new: dict[str, Any], sends: object) -> None:
    past, alive = applied(at(-9)), applied(at(1))
    changed = lifecycle.changed_inputs(past, new)
    assert lifecycle.needs_request(past, new, changed, NOW) is lifecycle.must_ask(past, new, changed, NOW) is sends
    assert not lifecycle.must_ask(alive, new, changed, NOW)


@given(LIFETIMES, SECONDS)
def test_creation_asks_for_the_lifetime_or_for_the_minutes_until_the_moment(lifetime: int, left: int) -> None:
    assert lifecycle.first_lifetime(declared(lifetime, at(9)), NOW) == lifetime
    minutes = lifecycle.first_lifetime({"expiresAt": at(0, seconds=left)}, NOW)
    assert minutes == min(max(-(-left // 60), 5), 1440)


# --- messages ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "live", "occur"),
    [
        ([], [], True),
        ([A, B], [A, B], True),
        ([A, B], [A, C, B], True),
        ([A, B], [B, A], False),
        ([A], [{**A, "id": 1, "tokens": {}}], True),
        ([A], [{**A, "role": "assistant"}], False),
        ([A], [], False),
        ([A], ["A"], True),
        ([A], [{"role": "user", "content": [{"text": "A"}]}], True),
        ([A], [B, None], True),
    ],
)
def test_declared_messages_occur_in_order_and_odd_ones_prove_nothing(
    wanted: list[Any], live: list[Any], occur: object
) -> None:
    assert lifecycle.occur_in_order(wanted, live) is occur


@given(st.lists(st.tuples(st.sampled_from([A, B, C]), st.booleans())))
def test_run_time_messages_anywhere_between_are_no_drift(live: list[tuple[dict[str, str], bool]]) -> None:
    assert lifecycle.occur_in_order([m for m, ours in live if ours], [m for m, _ in live])
