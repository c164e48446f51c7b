"""Extensions that the API grants differently than requested, and the messages about them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from unittest.mock import call

import pytest

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.errors import (
    AnswerLostError,
    InvalidRequestError,
    NotFoundError,
    RefusedError,
)
from quant_sessions_provider.operations.api import CreatedSession, ExtendedSession
from tests.support.fakes import ID, ORG, applied, at, desk, inputs_of

if TYPE_CHECKING:
    from datetime import datetime


def extend(minutes: int) -> Any:  # noqa: ANN401 - a recorded call
    return call.extend(ORG, ID, additional_minutes=minutes)


def granted(*expiries: str | None) -> list[ExtendedSession]:
    return [ExtendedSession(expiry) for expiry in expiries]


def short(asked: float, until: float) -> str:
    return f"asked to live until {at(asked)}, granted until {at(until)}"


@pytest.mark.parametrize(
    ("left", "before", "moved", "answers", "calls", "said"),
    [
        pytest.param(42, 42, {}, [102], [60], [], id="from the expiry"),
        pytest.param(42, 42, {}, [60, 102], [60, 102], [], id="from now: shorter than planned"),
        pytest.param(42, 42, {"expiresAt": at(47)}, [5, 47], [5, 47], [], id="from now: shorter than before"),
        pytest.param(
            42, 42, {"expiresAt": at(102.9)}, [61, 102], [61, 102], [], id="rounded down, to stay below a cap"
        ),
        pytest.param(42, 52, {}, [70, 112], [60, 102], [], id="from now, clock ten minutes ahead"),
        pytest.param(42, 32, {}, [50, 92], [60, 102], [], id="from now, clock ten minutes behind"),
        pytest.param(42, 52, {}, [112], [60], [], id="from the expiry, clock ahead"),
        pytest.param(42, 32, {}, [92], [60], [], id="from the expiry, clock behind"),
        pytest.param(1, 1, {"expiresAt": at(61)}, [60], [60], [], id="from now with a minute left: no second request"),
        pytest.param(-9, -9, {"expiresAt": at(51)}, [51], [51], [], id="expired: always from now"),
        pytest.param(42, None, {}, [60], [60], [short(102, 60)], id="without an earlier grant: not recognized"),
        pytest.param(42, 42, {}, [42], [60], [short(102, 42)], id="cut: nothing granted"),
        pytest.param(42, 42, {}, [80], [60], [short(102, 80)], id="cut: something granted"),
        pytest.param(42, 42, {}, [60, 60], [60, 102], [short(102, 60)], id="from now, then cut"),
        pytest.param(90, 90, {"expiresAt": at(1500)}, [1410, 1440], [1410, 1440], [short(1500, 1440)], id="a day"),
        pytest.param(42, 42, {}, [None], [60], [], id="response without an expiry"),
    ],
)
def test_an_extension_reaches_the_planned_expiry_or_reports_the_grant(  # noqa: PLR0913, PLR0917 - one table
    left: float, before: float | None, moved: dict[str, Any], answers: list[Any], calls: list[int], said: list[str]
) -> None:
    host = desk()
    outputs = applied(left) | ({} if before is None else {"grantedExpiresAt": at(before)})
    expiries = [None if expiry is None else at(expiry) for expiry in answers]
    host.api.extend.side_effect = granted(*expiries)
    result = host.operations.update(ID, outputs, inputs_of(outputs, **{"expiresAt": at(102), **moved}))
    assert [c for c in host.calls if c[0] == "extend"] == [extend(minutes) for minutes in calls]
    assert result.get("grantedExpiresAt") == expiries[-1]
    assert host.said == said


@pytest.mark.parametrize(
    "failure",
    [InvalidRequestError("refused", status=400), NotFoundError("gone", status=404), AnswerLostError("lost")],
)
def test_a_failed_second_extension_is_reported_and_state_has_the_first(failure: Exception) -> None:
    host, outputs = desk(), applied(42, grantedExpiresAt=at(42))
    host.api.extend.side_effect = [*granted(at(60)), failure]
    result = host.operations.update(ID, outputs, inputs_of(outputs, expiresAt=at(102)))
    assert (result["expiresAt"], result["grantedExpiresAt"]) == (at(102), at(60))
    assert host.said == [
        f"the API counts an extension from now; the second extension failed: {failure}",
        short(102, 60),
    ]


@pytest.mark.parametrize(
    ("restoring", "restored"), [(granted(at(42)), True), ([InvalidRequestError("refused", status=400)], False)]
)
def test_an_extension_that_shortened_the_lifetime_is_undone_if_the_second_is_refused(
    restoring: list[Any], *, restored: bool
) -> None:
    """Counted from now, 5 minutes are 37 fewer than before, and 47 exceed what the API allows in total."""
    host, outputs = desk(), applied(42, grantedExpiresAt=at(42))
    host.api.extend.side_effect = [*granted(at(5)), InvalidRequestError("beyond a day", status=400), *restoring]
    new = inputs_of(outputs, expiresAt=at(47))
    if restored:
        with pytest.raises(RefusedError, match=r"^beyond a day; `pulumi up --replace` with its URN "):
            host.operations.update(ID, outputs, new)
        assert host.said == []
    else:
        assert host.operations.update(ID, outputs, new)["grantedExpiresAt"] == at(5)
        assert host.said[-1] == short(47, 5)
    assert [c for c in host.calls if c[0] == "extend"] == [extend(5), extend(47), extend(42)]


@pytest.mark.parametrize(("until", "said"), [(60, []), (45, []), (44, [short(60, 44)]), (90, [])])
def test_a_creation_reports_a_short_grant(until: float, said: list[str]) -> None:
    host = desk()
    host.api.create.return_value = CreatedSession(ID, at(until), at(0))
    host.operations.create(inputs_of(applied(60)))
    assert host.said == said


def test_an_update_without_an_extension_reports_no_short_grant() -> None:
    host, outputs = desk(), applied(60, grantedExpiresAt=at(20))
    host.operations.update(ID, outputs, inputs_of(outputs, metadata={"a": 1}))
    assert host.said == []


@pytest.mark.parametrize(
    ("asked", "until", "minutes"),
    [
        pytest.param(200, 42, [158], id="expires_at moved while completed"),
        pytest.param(42, 42, [], id="expires_at unchanged"),
        pytest.param(52, 42, [], id="less than clock skew"),
    ],
)
def test_reopening_extends_until_an_expires_at_set_meanwhile(asked: int, until: int, minutes: list[int]) -> None:
    host, outputs = desk(), applied(asked, grantedExpiresAt=at(until), status="completed")
    host.api.extend.side_effect = granted(at(asked))
    host.operations.update(ID, outputs, inputs_of(outputs, status="active"))
    assert host.calls == [call.update(ORG, ID, status="active"), *map(extend, minutes)]
    host = desk()
    host.operations.update(ID, outputs, inputs_of(outputs, metadata={"still": "completed"}))
    assert host.calls == [call.update(ORG, ID, metadata={"still": "completed"})]


def test_an_update_parses_each_timestamp_at_most_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: Counter[str] = Counter()
    parse = timestamps.parse

    def counting(text: str) -> datetime:
        parsed[text] += 1
        return parse(text)

    monkeypatch.setattr(timestamps, "parse", counting)
    host = desk()
    outputs = applied(9, grantedExpiresAt=at(8), renewBeforeMinutes=15)
    host.operations.update(ID, outputs, inputs_of(outputs, expiresAt=at(60)))
    assert set(parsed) == {at(9), at(8), at(60)}
    assert max(parsed.values()) <= 2
