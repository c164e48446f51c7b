"""read and update; the rules are those of `docs/expiry.md`."""

from __future__ import annotations

import re
from typing import Any
from unittest.mock import call

import pytest

from quant_sessions_provider.core.errors import (
    AnswerLostError,
    ApiError,
    ForbiddenError,
    HalfDoneError,
    InvalidRequestError,
    QuantSessionsError,
    RefusedError,
    UnreachableError,
)
from quant_sessions_provider.core.model import INPUTS
from quant_sessions_provider.operations.api import ExtendedSession, StoredSession, UpdatedSession
from tests.support.fakes import (
    GET,
    HERE,
    ID,
    LIST,
    NOT_FOUND,
    ORG,
    SERVER_ERROR,
    A,
    B,
    C,
    applied,
    at,
    desk,
    inputs_of,
)

COMPLETE = call.update(ORG, ID, status="completed")
PUT = {"totalMessages": 3, "totalTokens": 40, "updatedAt": at(0)}
REPLACE_HINT = "`pulumi up --replace` with its URN starts a new one from the declared messages"
REFRESH = f"`pulumi refresh` drops it if it is gone, {REPLACE_HINT}"
UNRECORDED = "state does not know of it yet: run `pulumi up` again before you change the program back"
RETRY_HINT = f"If it took effect, {UNRECORDED}; nothing is applied twice"
PARTLY = "the rest of this update took effect"
LONGER = "The next run extends it again: at worst it lives longer"


def append(*messages: dict[str, str], **more: object) -> Any:  # noqa: ANN401 - a recorded call
    return call.update(ORG, ID, new_messages=list(messages), **more)


def extend(minutes: int) -> Any:  # noqa: ANN401 - a recorded call
    return call.extend(ORG, ID, additional_minutes=minutes)


# --- read --------------------------------------------------------------------------------------------------

READ = {"title": "Title", "model": "model", "createdAt": at(-51), "totalMessages": 1, "expired": False}


@pytest.mark.parametrize("outputs", [applied(9), applied(-9, expired=True), {"baseUrl": HERE}, {}])
def test_read_updates_outputs_and_never_moves_the_expiry(outputs: dict[str, Any]) -> None:
    host = desk()
    known = {"organization": ORG, "baseUrl": HERE} | outputs
    assert host.operations.read(ID, outputs) == known | READ
    assert host.calls == [GET]


@pytest.mark.parametrize(
    ("outputs", "found"),
    [
        (applied(0.1), None),
        (applied(0), applied(0, expired=True)),
        (applied(60, grantedExpiresAt=at(-1)), applied(60, grantedExpiresAt=at(-1), expired=True)),
        (applied(-1, grantedExpiresAt=at(60)), None),
    ],
)
def test_rule_5_a_session_gone_before_its_expiry_is_dropped_and_kept_afterwards(
    outputs: dict[str, Any], found: object
) -> None:
    assert desk("gone").operations.read(ID, outputs) == found


def test_reading_a_missing_session_fails() -> None:
    with pytest.raises(RefusedError, match=f"^session {ID} is not found at {HERE}: nothing to read$"):
        desk("gone").operations.read(ID, {})


@pytest.mark.parametrize("live", [[A, C, B], [A, C, C], [B, A], [A], [], ["odd"], None])
def test_messages_never_drift(live: list[Any] | None) -> None:
    """The API neither edits nor removes any: GET may trim, hide, summarize or window them."""
    host, outputs = desk(), applied(9, messages=[A, B])
    host.api.get.return_value = StoredSession(ID, None, None, live, None)
    found = host.operations.read(ID, outputs)
    assert found is not None
    assert {key: found[key] for key in INPUTS if key in found} == {k: outputs[k] for k in INPUTS if k in outputs}


def test_reading_without_an_organization_fails() -> None:
    host = desk(configuration={"quant:bearer": "t"})
    with pytest.raises(QuantSessionsError, match=r"^no organization is configured: "):
        host.operations.read(ID, {})
    assert host.calls == []


# --- update ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moved", "calls", "response"),
    [
        ({"expirationMinutes": 30}, [], {}),
        ({"renewBeforeMinutes": 5, "onExpired": "ignore"}, [], {}),
        ({"expiresAt": at(8)}, [], {"unsentExpirySeconds": -60}),
        ({"expiresAt": at(60)}, [extend(51)], {"grantedExpiresAt": at(60), "expired": False}),
        ({"messages": [A, B, C]}, [GET, append(B, C)], PUT),
        ({"metadata": {"a": 1}}, [call.update(ORG, ID, metadata={"a": 1})], PUT),
        ({"status": "completed"}, [COMPLETE], PUT),
        (
            {"messages": [A, B], "metadata": {}, "expiresAt": at(60)},
            [GET, append(B, metadata={}), extend(51)],
            PUT | {"grantedExpiresAt": at(60), "expired": False},
        ),
        (
            # A completed session keeps its expiry.
            {"messages": [A, B], "metadata": {}, "status": "completed", "expiresAt": at(60)},
            [GET, append(B, metadata={}, status="completed")],
            PUT | {"unsentExpirySeconds": 3060},
        ),
    ],
)
def test_update_sends_changes_in_one_put_and_extends_last(
    moved: dict[str, Any], calls: list[Any], response: dict[str, Any]
) -> None:
    host, outputs = desk(), applied(9, grantedExpiresAt=at(10), title="Title")
    new = inputs_of(outputs, **moved)
    assert host.operations.update(ID, outputs, new) == (
        new | {"baseUrl": HERE, "grantedExpiresAt": at(10), "title": "Title"} | response
    )
    assert host.calls == calls


def test_removed_metadata_is_sent_as_empty_and_dropped_from_state() -> None:
    host, outputs = desk(), applied(9, metadata={"a": 1})
    assert "metadata" not in host.operations.update(ID, outputs, inputs_of(applied(9)))
    assert host.calls == [call.update(ORG, ID, metadata={})]


@pytest.mark.parametrize(
    ("live", "calls"),
    [
        ([A, B, C], [GET]),
        ([A, {"role": "assistant", "content": "run time"}, B, C], [GET]),
        ([A], [GET, append(B, C)]),
        ([A, B], [GET, append(C)]),
        ([A, B, {"role": "assistant", "content": "run time"}], [GET, append(C)]),
        # A message that the API does not return, such as a system message, proves nothing about later ones.
        ([B, C], [GET]),
        ([B], [GET, append(C)]),
        ([], [GET, append(B, C)]),
        ([A, {"role": "tool", "content": [{"text": "odd"}]}], [GET, append(B, C)]),
        (None, [GET, append(B, C)]),
    ],
)
def test_messages_that_are_already_live_are_not_appended_again(live: list[Any] | None, calls: list[Any]) -> None:
    host = desk()
    host.api.get.return_value = StoredSession(ID, None, None, live, None)
    assert host.operations.update(ID, applied(9), inputs_of(applied(9), messages=[A, B, C]))["messages"] == [A, B, C]
    assert host.calls == calls


def test_a_response_without_an_expiry_removes_the_old_grant() -> None:
    host, outputs = desk(), applied(9, grantedExpiresAt=at(10), title="Title")
    host.api.extend.return_value = ExtendedSession(None)
    host.api.update.return_value = UpdatedSession(None, None, None, None, None)
    new = inputs_of(outputs, expiresAt=at(60), metadata={})
    assert host.operations.update(ID, outputs, new) == new | {"baseUrl": HERE, "title": "Title", "expired": False}


def test_a_404_in_an_update_says_what_to_do() -> None:
    host, moved = desk(), inputs_of(applied(9), status="completed")
    host.api.update.side_effect, host.api.get.side_effect = NOT_FOUND, NOT_FOUND
    with pytest.raises(RefusedError, match=f"^{re.escape(f'not found; {REFRESH}')}$"):
        host.operations.update(ID, applied(9), moved)


def test_an_update_with_an_empty_response_counts_if_the_session_exists() -> None:
    host, moved = desk(), inputs_of(applied(9), metadata={})
    host.api.update.return_value = UpdatedSession(None, None, None, None, None)
    assert host.operations.update(ID, applied(9), moved)["metadata"] == {}
    assert host.calls == [call.update(ORG, ID, metadata={}), GET]
    host.api.get.side_effect = NOT_FOUND
    with pytest.raises(RefusedError, match=f"^{re.escape(f'not found; {REFRESH}')}$"):
        host.operations.update(ID, applied(9), moved)


@pytest.mark.parametrize(
    ("put", "extending", "text"),
    [
        (InvalidRequestError("put: 422", status=422), None, f"put: 422; {REPLACE_HINT}"),
        (ForbiddenError("put: 403", status=403), None, "put: 403"),
        (SERVER_ERROR, None, f"server error. {RETRY_HINT}"),
        (AnswerLostError("put lost"), None, f"put lost. {RETRY_HINT}"),
        (UnreachableError("no connection"), None, "no connection"),
        (None, InvalidRequestError("extend: 400", status=400), f"extend: 400; {PARTLY}; {REPLACE_HINT}"),
        (None, NOT_FOUND, f"not found; {PARTLY}; {REFRESH}"),
        (None, SERVER_ERROR, f"server error. {LONGER}; {PARTLY}"),
        (None, ApiError("not with JSON", status=200), f"not with JSON. {LONGER}; {PARTLY}"),
        (None, ApiError("extend: 408", status=408), f"extend: 408. {LONGER}; {PARTLY}"),
        (None, AnswerLostError("extend lost"), f"extend lost. {LONGER}; {PARTLY}"),
        (None, UnreachableError("no connection"), f"no connection; {PARTLY}"),
    ],
)
def test_a_failed_update_says_what_took_effect_and_what_to_do(
    put: Exception | None, extending: Exception | None, text: str
) -> None:
    host, new = desk(), inputs_of(applied(9), metadata={}, expiresAt=at(60))
    host.api.update.side_effect, host.api.extend.side_effect = put, extending
    with pytest.raises(QuantSessionsError, match=f"^{re.escape(text)}$") as failure:
        host.operations.update(ID, applied(9), new)
    put_call = call.update(ORG, ID, metadata={})
    if isinstance(failure.value, HalfDoneError):
        assert failure.value.unrecorded == text.replace(PARTLY, f"{PARTLY}, but {UNRECORDED}")
    assert isinstance(failure.value, HalfDoneError) == (put is None)
    assert host.calls == ([put_call] if put else [put_call, extend(51)])


@pytest.mark.parametrize(
    ("before", "moved", "kept"),
    [
        (
            {"expirationMinutes": 60},
            {"expirationMinutes": 90, "expiresAt": at(39)},
            {"expirationMinutes": 60, "expiresAt": at(9)},
        ),
        ({"expirationMinutes": 60}, {"expiresAt": at(60)}, {"expirationMinutes": 60, "expiresAt": at(9)}),
    ],
)
def test_what_of_an_update_took_effect_is_recorded_and_the_next_one_sends_the_rest_alone(
    before: dict[str, Any], moved: dict[str, Any], kept: dict[str, Any]
) -> None:
    host, outputs = desk(), applied(9, **before)
    new = inputs_of(outputs, metadata={"a": 1}, onExpired="ignore", **moved)
    host.api.extend.side_effect = [UnreachableError("no connection"), ExtendedSession(at(60))]
    with pytest.raises(HalfDoneError) as half:
        host.operations.update(ID, outputs, new)
    assert half.value.session_id == ID
    assert half.value.outputs == new | kept | PUT | {"baseUrl": HERE}
    sent = len(host.calls)
    host.operations.update(ID, half.value.outputs, new)
    assert [name for name, _, _ in host.calls[sent:]] == ["extend"]


@pytest.mark.parametrize("failure", [SERVER_ERROR, NOT_FOUND])
def test_an_extension_that_fails_after_a_reopening_is_planned_again(failure: Exception) -> None:
    host, outputs = desk(), applied(200, grantedExpiresAt=at(42), status="completed")
    del outputs["expirationMinutes"]
    new = inputs_of(outputs, status="active")
    host.api.extend.side_effect = [failure, ExtendedSession(at(200))]
    with pytest.raises(HalfDoneError) as half:
        host.operations.update(ID, outputs, new)
    host.operations.update(ID, half.value.outputs, new)
    assert host.calls == [call.update(ORG, ID, status="active"), extend(158), extend(158)]


def test_an_update_of_a_half_done_one_that_was_taken_back_sends_nothing() -> None:
    host, outputs = desk("gone"), applied(-9, onExpired="ignore")
    assert host.operations.update(ID, outputs, inputs_of(outputs)) == outputs
    assert host.calls == []


@pytest.mark.parametrize(
    ("put", "text"),
    [
        (AnswerLostError("put lost"), f"put lost. {RETRY_HINT}"),
        (SERVER_ERROR, f"server error. {RETRY_HINT}"),
        (InvalidRequestError("put: 400", status=400), f"put: 400; {REPLACE_HINT}"),
    ],
)
def test_a_failed_append_says_that_nothing_is_applied_twice(put: Exception, text: str) -> None:
    host = desk("alive")
    host.api.update.side_effect = put
    with pytest.raises(RefusedError, match=f"^{re.escape(text)}$"):
        host.operations.update(ID, applied(9), inputs_of(applied(9), messages=[A, B]))


def test_rule_3_update_fails_for_a_passed_short_grant_with_error_and_extends_otherwise() -> None:
    outputs = applied(60, grantedExpiresAt=at(-9), onExpired="error")
    with pytest.raises(RefusedError, match=r"^session 3f2a expired at 2026-11-24T11:51:00Z and onExpired is error: "):
        desk("gone").operations.update(ID, outputs, inputs_of(outputs))
    host = desk("alive")
    host.operations.update(ID, outputs, inputs_of(outputs))
    assert host.calls == [GET, LIST, extend(60)]
