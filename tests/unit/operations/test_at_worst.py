"""What a plan does not know yet is planned as what it may cost at worst; what is ignored is left alone."""

from __future__ import annotations

from typing import Any
from unittest.mock import call

import pytest

from quant_sessions_provider.core.errors import HalfDoneError
from quant_sessions_provider.core.model import UNKNOWN
from quant_sessions_provider.operations.api import ExtendedSession
from tests.support.fakes import GET, ID, LIST, SERVER_ERROR, Desk, applied, at, desk, inputs_of

OPEN = {"expirationMinutes": UNKNOWN, "expiresAt": UNKNOWN}
NOTHING_LOST = "replacing it loses nothing: it holds only declared messages (1 declared one starts again)"


def by_hand(left: float, **more: object) -> dict[str, Any]:
    return {key: value for key, value in applied(left, **more).items() if key != "expirationMinutes"}


@pytest.mark.parametrize("on_expired", ["recreate", "ignore", UNKNOWN])
@pytest.mark.parametrize(
    ("outputs", "moved"), [(by_hand(-9), {"expiresAt": UNKNOWN}), (applied(-9), OPEN)], ids=["by hand", "lifetime"]
)
@pytest.mark.parametrize(
    ("state", "fate"),
    [("gone", " and is gone"), ("lingering", f", no longer listed as active: {NOTHING_LOST}")],
)
def test_past_its_expiry_an_unknown_one_is_planned_as_a_replacement(
    outputs: dict[str, Any], moved: dict[str, Any], state: str, fate: str, on_expired: object
) -> None:
    host = desk(state)
    diff = host.operations.diff(ID, outputs, inputs_of(outputs, **moved, onExpired=on_expired))
    assert diff.replaces == ["expiresAt"]
    until = "a time that is not known yet" if "expirationMinutes" in moved else "the declared expiresAt"
    assert diff.sentence.endswith(f"{fate}; the new one lives until {until}")
    assert host.calls == [GET, LIST]


@pytest.mark.parametrize(
    ("state", "old", "sentence"),
    [
        ("alive", {}, "its expiry is not known yet"),
        ("gone", {"onExpired": "error"}, "was to expire at 11:51Z: the run may stop"),
        ("gone", {"status": "completed"}, "what is sent is not known yet"),
    ],
)
def test_what_lives_may_stop_or_is_completed_is_not_replaced(state: str, old: dict[str, Any], sentence: str) -> None:
    outputs = applied(-9, **old)
    diff = desk(state).operations.diff(ID, outputs, inputs_of(outputs, **OPEN))
    assert (diff.replaces, diff.sentence.split("; ")[-1]) == ([], sentence)


def test_before_its_expiry_an_unknown_one_costs_no_request() -> None:
    host = desk("gone")
    diff = host.operations.diff(ID, applied(9), inputs_of(applied(9), **OPEN))
    assert (diff.replaces, diff.sentence, host.calls) == ([], "its expiry is not known yet", [])


# --- ignore_changes of the expiry ----------------------------------------------------------------------------


@pytest.mark.parametrize("granted", [at(9), at(-9)])
@pytest.mark.parametrize("more", [{"renewBeforeMinutes": 20}, {"onExpired": "error"}])
def test_a_short_grant_makes_an_ignored_expiry_neither_due_nor_expired(granted: str, more: dict[str, Any]) -> None:
    host, outputs = desk("gone"), applied(60, grantedExpiresAt=granted, **more)
    assert host.operations.diff(ID, outputs, inputs_of(outputs), ignores_expiry=True).changes is False
    host.operations.update(ID, outputs, inputs_of(outputs), ignores_expiry=True)
    assert host.calls == []


def test_reopening_does_not_extend_where_the_expiry_is_ignored() -> None:
    host, outputs = desk(), applied(60, grantedExpiresAt=at(9), status="completed")
    host.operations.update(ID, outputs, inputs_of(outputs, status="active"), ignores_expiry=True)
    assert host.calls == [call.update("acme", ID, status="active")]


# --- moments that move by less than the tolerance --------------------------------------------------------------


def _runs(host: Desk, outputs: dict[str, Any], *moved: dict[str, Any]) -> dict[str, Any]:
    for each in moved:
        outputs = host.operations.update(ID, outputs, inputs_of(outputs, **each))
    return outputs


@pytest.mark.parametrize("minutes", [1, 10, 14, 20])
@pytest.mark.parametrize("granted", [{}, {"grantedExpiresAt": at(60)}, {"grantedExpiresAt": at(52)}])
def test_a_session_that_is_reopened_is_extended_by_as_much_as_its_expiry_moved(
    minutes: int, granted: dict[str, str]
) -> None:
    host, outputs = desk(), by_hand(60, status="completed", **granted)
    host.api.extend.return_value = ExtendedSession(at(60 + minutes))
    after = _runs(host, outputs, {"expiresAt": at(60 + minutes)}, {"status": "active"})
    assert host.calls[-1] == call.extend("acme", ID, additional_minutes=minutes)
    assert "unsentExpirySeconds" not in after


@pytest.mark.parametrize("minutes", [1, 10, 14, 20])
def test_an_expiry_that_goes_back_and_forth_is_not_extended(minutes: int) -> None:
    host, outputs = desk(), by_hand(60, grantedExpiresAt=at(60))
    earlier = _runs(host, outputs, {"expiresAt": at(60 - minutes)})
    assert earlier["unsentExpirySeconds"] == -60 * minutes
    assert _runs(host, earlier, {"expiresAt": at(60)}) == outputs
    assert host.calls == []
    _runs(host, earlier, {"expiresAt": at(61)})
    assert host.calls == [call.extend("acme", ID, additional_minutes=1)]


@pytest.mark.parametrize("granted", [at(9), at(60)])
def test_a_reopening_that_gets_half_through_leaves_its_extension_to_the_next_run(granted: str) -> None:
    host, outputs = desk(), applied(60, grantedExpiresAt=granted, status="completed")
    new = inputs_of(outputs, status="active", expiresAt=at(90))
    host.api.extend.side_effect = SERVER_ERROR
    with pytest.raises(HalfDoneError) as failure:
        host.operations.update(ID, outputs, new)
    diff = host.operations.diff(ID, failure.value.outputs, new)
    assert "extends by" in diff.sentence
    assert "reopens" not in diff.sentence


def test_a_short_grant_is_made_up_for_by_the_run_after_a_reopening_that_got_half_through() -> None:
    host, outputs = desk(), applied(60, grantedExpiresAt=at(9), status="completed")
    new = inputs_of(outputs, status="active")
    host.api.extend.side_effect = SERVER_ERROR
    with pytest.raises(HalfDoneError) as failure:
        host.operations.update(ID, outputs, new)
    assert "extends by 51 minutes" in host.operations.diff(ID, failure.value.outputs, new).sentence


def test_an_expiry_that_moved_is_extended_even_if_options_cannot_be_seen() -> None:
    """The engine would have kept an ignored one."""
    host, new = desk(), inputs_of(applied(9), expirationMinutes=120, expiresAt=at(69))
    assert "extends by 60 minutes" in host.operations.diff(ID, applied(9), new, ignores_expiry=True).sentence
    host.operations.update(ID, applied(9), new, ignores_expiry=True)
    assert host.calls == [call.extend("acme", ID, additional_minutes=60)]


@pytest.mark.parametrize("path", ["metadata.a.b", "metadata.a", "metadata", "*"])
def test_what_an_option_replaces_may_be_in_a_value_that_is_not_known_yet(path: str) -> None:
    host, outputs = desk(), applied(9, metadata={"a": {"b": 1}})
    diff = host.operations.diff(ID, outputs, inputs_of(outputs, metadata=UNKNOWN), replace_on_changes=[path])
    assert diff.sentence.startswith("metadata may change: replacing it loses ")
