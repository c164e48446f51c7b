"""check and diff; the rules are those of `docs/expiry.md`."""

from __future__ import annotations

from typing import Any

import pytest

from quant_sessions_provider.core import settings as config
from quant_sessions_provider.core.errors import UnreachableError
from quant_sessions_provider.core.model import UNKNOWN
from quant_sessions_provider.operations.api import StoredSession
from quant_sessions_provider.operations.crud import Diff
from tests.support.fakes import GET, ID, LIST, NOT_FOUND, ORG, SERVER_ERROR, A, B, C, applied, at, desk, inputs_of

NEW_ONE = "; the new one lives until about 13:00Z"
NOTHING_SENT = Diff(None, sentence="nothing is sent")
ONLY_DECLARED = "it holds only declared messages"


# --- check -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "filled"),
    [
        ({}, {}, {"expirationMinutes": 60, "expiresAt": at(60)}),
        ({}, {"organization": "b", "onExpired": "error"}, {"expirationMinutes": 60, "expiresAt": at(60)}),
        ({}, {"status": "completed", "expirationMinutes": 5}, {"expiresAt": at(5)}),
        ({}, {"expirationMinutes": UNKNOWN}, {"expiresAt": UNKNOWN}),
        ({}, {"expiresAt": at(99)}, {}),
        ({}, {"expiresAt": UNKNOWN}, {}),
        (applied(9), {"messages": [A]}, {"expirationMinutes": 60, "expiresAt": at(9)}),
        # A replacement is planned as a creation.
        (applied(9), {}, {"expirationMinutes": 60, "expiresAt": at(60)}),
        # With `ignore_changes` the planned expiry is carried over, beside the declared lifetime.
        (applied(-9), {"expiresAt": at(-9), "expirationMinutes": 60}, {}),
        # With an explicit expiresAt there is no lifetime, even if it is the planned one.
        (applied(-9), {"expiresAt": at(-9)}, {}),
        (applied(9), {"status": "completed", "expirationMinutes": UNKNOWN}, {"expiresAt": UNKNOWN}),  # it is replaced
        (
            applied(9),
            {"messages": [A], "status": "completed", "expirationMinutes": UNKNOWN},
            {"expiresAt": at(9)},
        ),
        ({"userId": "ada", "expiresAt": at(-9)}, {"expiresAt": at(-9)}, {}),
        (applied(9), {"expiresAt": at(10)}, {}),
        # The spelling of the last run stays: a new one, or a part of a second, is no change.
        (applied(9), {"expiresAt": "2026-11-24T13:09:00+01:00"}, {"expiresAt": at(9)}),
        (applied(9), {"expiresAt": "2026-11-24T12:08:59.000001Z"}, {"expiresAt": at(9)}),
        (applied(9), {"expiresAt": "2026-11-24T12:09:00.999999Z"}, {"expiresAt": at(9)}),
        (applied(9), {"expiresAt": "2026-11-24T12:09:01Z"}, {}),
        # A replacement takes up the new one.
        ({}, {"expiresAt": "2026-11-24T13:09:00.5+01:00"}, {}),
    ],
)
def test_check_fills_in_defaults_and_the_planned_expiry(
    old: dict[str, Any], new: dict[str, Any], filled: dict[str, Any]
) -> None:
    defaults = {"userId": "ada", "status": "active", "onExpired": "recreate", "organization": ORG}
    host = desk()
    assert host.operations.check(old, {"userId": "ada"} | new) == (defaults | new | filled, [])
    assert host.calls == []


def test_check_reports_missing_settings_and_invalid_inputs_together() -> None:
    inputs, failures = desk(configuration={}).operations.check({}, {"status": "x"})
    wrong = ["status: must be one of active, completed", "userId: is required"]
    assert failures == [
        *(config.load(lambda _key: None, {}).missing(key) for key in ("bearer", "organization")),
        *wrong,
    ]
    assert "expiresAt" not in inputs


# --- diff --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moved", "decision"),
    [
        ({}, Diff(changes=False)),
        ({"expiresAt": "2026-11-24T13:09:00+01:00"}, Diff(changes=False)),
        ({"expiresAt": "2026-11-24T12:09:00.999999Z"}, Diff(changes=False)),
        (
            {"expirationMinutes": 90, "expiresAt": at(39)},
            Diff(None, sentence="9 minutes left: extends by 30 minutes, until about 12:39Z"),
        ),
        (
            {"expirationMinutes": 30},
            Diff(None, sentence="cannot be shortened: lives on until 12:09Z, nothing is sent"),
        ),
        ({"messages": [A, B]}, Diff(None, sentence="appends 1 message")),
        ({"metadata": {}, "status": "completed"}, Diff(None, sentence="sends its metadata; completes it")),
        ({"renewBeforeMinutes": 5, "onExpired": "ignore"}, NOTHING_SENT),
    ],
)
def test_a_diff_before_expiry_sends_nothing(moved: dict[str, Any], decision: Diff) -> None:
    host = desk()
    assert host.operations.diff(ID, applied(9), inputs_of(applied(9), **moved)) == decision
    assert host.calls == []


@pytest.mark.parametrize(
    ("moved", "names"),
    [
        ({"userId": "bob"}, {"userId": "userId changed"}),
        (
            {"userId": UNKNOWN, "sessionGroup": "g", "organization": "b"},
            {"userId, sessionGroup, organization": "sessionGroup, organization changed, userId may change"},
        ),
        ({"messages": [B]}, {"messages": "messages changed"}),
        ({"messages": UNKNOWN}, {"messages": "messages may change"}),
    ],
)
@pytest.mark.parametrize(
    ("live", "loss"),
    [
        (StoredSession(ID, None, None, [A] * 14, None), "13 messages"),
        (StoredSession(ID, None, None, [C, A, B], None), "2 messages"),
        (StoredSession(ID, None, None, [A, B], None), "1 message"),
        (StoredSession(ID, None, None, [{**A, "content": " A\r\n", "id": 1}], None), f"nothing: {ONLY_DECLARED}"),
        (StoredSession(ID, None, None, [B, C], None), "at least 2 messages"),
        (StoredSession(ID, None, None, [], None), "an unknown number of messages"),
        (StoredSession(ID, None, None, [A, B, {"role": "tool"}], None), "an unknown number of messages"),
        (StoredSession(ID, None, None, [A, "B"], None), "an unknown number of messages"),
        (NOT_FOUND, "nothing: it is gone"),
        (SERVER_ERROR, "an unknown number of messages"),
        (UnreachableError("no connection"), "an unknown number of messages"),
        (StoredSession(ID, None, None, None, None), "an unknown number of messages"),
    ],
)
def test_a_replacement_tells_its_price(moved: dict[str, Any], names: dict[str, str], live: object, loss: str) -> None:
    host = desk("gone")
    host.api.get.side_effect = [live]
    ((keys, why),) = names.items()
    again = "" if moved.get("messages") is UNKNOWN else " (1 declared one starts again)"
    sentence = f"{why}: replacing it loses {loss}{again}{NEW_ONE}"
    decision = Diff(None, keys.split(", "), sentence, loses="nothing" not in loss)
    assert host.operations.diff(ID, applied(9), inputs_of(applied(9), **moved)) == decision
    assert host.calls == ([GET, LIST] if live is NOT_FOUND else [GET])


@pytest.mark.parametrize(
    ("declared", "live", "lost"),
    [
        ([], [], f"nothing: {ONLY_DECLARED}"),
        ([], [A], "1 message"),
        ([A, A], [A, A, A], "1 message"),
        ([A, A, B], [A, B], "an unknown number of messages"),
        ([A, A, B], [A, B, C], "at least 1 message"),
        ("[secret]", [A], "an unknown number of messages"),
    ],
)
def test_what_is_lost_is_what_the_last_run_did_not_declare(declared: object, live: list[Any], lost: str) -> None:
    host, outputs = desk(), applied(9, messages=declared)
    host.api.get.return_value = StoredSession(ID, None, None, live, None)
    diff = host.operations.diff(ID, outputs, inputs_of(outputs, userId="bob", messages=[C, B]))
    assert diff.sentence.endswith(f": replacing it loses {lost} (2 declared ones start again){NEW_ONE}")
    assert diff.loses == ("nothing" not in lost)


@pytest.mark.parametrize(
    ("paths", "moved", "causes"),
    [
        (["expirationMinutes"], {"expirationMinutes": 90, "expiresAt": at(39)}, "expirationMinutes"),
        (["*"], {"expirationMinutes": 90, "expiresAt": at(39)}, "expirationMinutes, expiresAt"),
        (["metadata.key", "status"], {"metadata": {"key": 2, "other": 1}}, "metadata"),
        (["metadata.other"], {"metadata": {"key": 2, "other": 1}}, None),
        (["expiresAt"], {"metadata": {}}, None),
        (["metadata..", "title"], {"metadata": {}}, None),
    ],
)
def test_what_the_engine_replaces_by_an_option_is_said_and_left_to_it(
    paths: list[str], moved: dict[str, Any], causes: str | None
) -> None:
    host, outputs = desk(), applied(9, metadata={"key": 1, "other": 1})
    host.api.get.return_value = StoredSession(ID, None, None, [A, B], None)
    diff = host.operations.diff(ID, outputs, inputs_of(outputs, **moved), replace_on_changes=paths)
    assert (diff.changes, diff.replaces, diff.loses) == (None, [], causes is not None)
    assert diff.sentence.startswith(f"{causes} changed: replacing it loses 1 message" if causes else "sends")
    assert host.calls == ([GET] if causes else [])


@pytest.mark.parametrize(
    ("outputs", "moved", "decision"),
    [
        (applied(9), {}, Diff(changes=False)),
        (applied(9), {"userId": "bob"}, Diff(None, ["userId"])),
        (applied(-9, onExpired="error"), {"expiresAt": at(60)}, Diff(None)),
        (applied(60, grantedExpiresAt=at(-9)), {}, Diff(changes=True)),
    ],
)
def test_outside_of_a_plan_nothing_is_asked_said_or_refused(
    outputs: dict[str, Any], moved: dict[str, Any], decision: Diff
) -> None:
    host = desk("gone")
    assert host.operations.diff(ID, outputs, inputs_of(outputs, **moved), in_plan=False) == decision
    assert host.calls == []
