"""What a plan does about a session that should have expired: rules 2 and 3 of `docs/expiry.md`."""

from __future__ import annotations

import re
from typing import Any
from unittest.mock import call

import pytest

from quant_sessions_provider.core.errors import RefusedError, UnreachableError
from quant_sessions_provider.operations.api import StoredSession
from quant_sessions_provider.operations.crud import Diff
from quant_sessions_provider.operations.refusals import REPLACE
from tests.support.fakes import GET, ID, LIST, ORG, SERVER_ERROR, A, B, C, applied, at, desk, inputs_of
from tests.unit.operations.test_plan import NEW_ONE, NOTHING_SENT, ONLY_DECLARED

EXPIRED = "expired at 2026-11-24T11:51:00Z"
RECREATED = f"expired at 11:51Z and is gone{NEW_ONE}"
RENEWED = {"expiresAt": at(60)}
REPLACED = Diff(None, ["expiresAt"], RECREATED)
KEPT = f"replacing it loses nothing: {ONLY_DECLARED} (1 declared one starts again)"
UNLISTED = Diff(None, ["expiresAt"], f"expired at 11:51Z, no longer listed as active: {KEPT}{NEW_ONE}")
STILL_LIVES = Diff(None, sentence="was to expire at 11:51Z and still lives: extends by 60 minutes, until about 13:00Z")
ERROR = (
    f"session {ID} {EXPIRED} and onExpired is error: `pulumi up --replace` with its URN starts a new one from the"
    " declared messages,"
    " `onExpired: ignore` leaves it as it is"
)


@pytest.mark.parametrize(
    ("state", "old", "moved", "decision", "asked"),
    [
        pytest.param("gone", {}, RENEWED, REPLACED, [GET, LIST], id="recreate, gone"),
        pytest.param(
            "alive", {"expired": True}, RENEWED, STILL_LIVES, [GET, LIST], id="an old observation proves nothing"
        ),
        pytest.param("lingering", {}, RENEWED, UNLISTED, [GET, LIST], id="recreate, lingering"),
        pytest.param("alive", {}, RENEWED, STILL_LIVES, [GET, LIST], id="recreate, alive"),
        pytest.param("gone", {"onExpired": "error"}, RENEWED, ERROR, [GET, LIST], id="error, gone"),
        pytest.param("lingering", {"onExpired": "error"}, RENEWED, ERROR, [GET, LIST], id="error, lingering"),
        pytest.param("alive", {"onExpired": "error"}, RENEWED, STILL_LIVES, [GET, LIST], id="error, alive"),
        pytest.param("alive", {"onExpired": "ignore"}, {}, Diff(changes=False), [], id="ignore"),
        pytest.param(
            "alive", {"onExpired": "ignore"}, {"expirationMinutes": 30}, NOTHING_SENT, [], id="ignore, lowered"
        ),
        pytest.param(
            "gone",
            {"onExpired": "ignore"},
            {"metadata": {}},
            Diff(None, ["metadata"], RECREATED),
            [GET, LIST],
            id="ignore, change",
        ),
        pytest.param("alive", {"status": "completed"}, {}, Diff(changes=False), [], id="completed"),
        pytest.param(
            "lingering",
            {"status": "completed"},
            {"metadata": {}},
            Diff(None, sentence="sends its metadata"),
            [GET],
            id="completed, not listed",
        ),
        pytest.param(
            "gone",
            {"status": "completed", "onExpired": "error"},
            {"messages": [A, B]},
            Diff(None, ["messages"], RECREATED),
            [GET, LIST],
            id="completed, gone, change",
        ),
    ],
)
def test_rule_2_decides_about_an_expired_session(
    state: str, old: dict[str, Any], moved: dict[str, Any], decision: object, asked: list[Any]
) -> None:
    host, outputs = desk(state), applied(-9, **old)
    if isinstance(decision, str):
        with pytest.raises(RefusedError, match=f"^{re.escape(decision)}$"):
            host.operations.diff(ID, outputs, inputs_of(outputs, **moved))
    else:
        assert host.operations.diff(ID, outputs, inputs_of(outputs, **moved)) == decision
    assert host.calls == asked


def test_a_lingering_session_loses_what_was_said_in_it() -> None:
    host = desk("lingering")
    host.api.get.return_value = StoredSession(ID, None, None, [A, B, C], None)
    diff = host.operations.diff(ID, applied(-9), inputs_of(applied(-9), **RENEWED))
    assert diff.sentence.endswith(f"as active: replacing it loses 2 messages (1 declared one starts again){NEW_ONE}")
    assert diff.loses


def test_the_list_is_filtered_by_the_sessions_group() -> None:
    host, outputs = desk(), applied(-9, sessionGroup="desk")
    assert host.operations.diff(ID, outputs, inputs_of(outputs, **RENEWED)) == STILL_LIVES
    assert host.calls == [GET, call.list(ORG, user_id="ada", session_group="desk", exhaustive=True)]


@pytest.mark.parametrize("failure", [SERVER_ERROR, UnreachableError("no connection")])
def test_an_unreachable_api_does_not_make_a_session_gone(failure: Exception) -> None:
    host = desk()
    host.api.get.side_effect = failure
    with pytest.raises(type(failure), match=f"^{failure}$"):
        host.operations.diff(ID, applied(-9), inputs_of(applied(-9), **RENEWED))


STOPS = f"session {ID} expired at {at(-9)} and onExpired is error: {REPLACE}, `onExpired: ignore` leaves it as it is"


@pytest.mark.parametrize(
    ("state", "on_expired", "decision"),
    [
        ("alive", "recreate", Diff(changes=True, sentence=STILL_LIVES.sentence)),
        ("gone", "recreate", Diff(True, ["expiresAt"], RECREATED)),  # noqa: FBT003 - what the engine reads
        ("alive", "error", Diff(changes=True, sentence=STILL_LIVES.sentence)),
        ("gone", "ignore", Diff(changes=False)),
        # update raises the error.
        ("gone", "error", Diff(changes=True, sentence="was to expire at 11:51Z: the run stops", stops=STOPS)),
    ],
)
def test_rule_3_a_short_grant_is_due_without_a_changed_input(state: str, on_expired: str, decision: Diff) -> None:
    outputs = applied(60, grantedExpiresAt=at(-9), onExpired=on_expired)
    assert desk(state).operations.diff(ID, outputs, inputs_of(outputs)) == decision


@pytest.mark.parametrize(
    ("outputs", "moved"),
    [
        (applied(-9, onExpired="error"), {"messages": [A, B]}),
        (applied(60, grantedExpiresAt=at(-9), onExpired="error"), {"renewBeforeMinutes": 5}),
        (applied(60, grantedExpiresAt=at(-9)), {"onExpired": "error"}),
    ],
)
@pytest.mark.parametrize("state", ["gone", "lingering"])
def test_a_run_that_stops_sends_nothing_before(state: str, outputs: dict[str, Any], moved: dict[str, Any]) -> None:
    host, new = desk(state), inputs_of(outputs, **moved)
    assert host.operations.diff(ID, outputs, new).sentence == "was to expire at 11:51Z: the run stops"
    with pytest.raises(RefusedError, match="and onExpired is error"):
        host.operations.update(ID, outputs, new)
    assert {method for method, _, _ in host.calls} == {"get", "list"}
