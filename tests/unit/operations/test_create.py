"""Creating a session, and ambiguous creations."""

from __future__ import annotations

from typing import Any
from unittest.mock import call

import pytest

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.errors import (
    AnswerLostError,
    ApiError,
    ForbiddenError,
    HalfDoneError,
    InvalidRequestError,
    UnreachableError,
)
from quant_sessions_provider.operations.api import CreatedSession, SessionSummary
from quant_sessions_provider.operations.inspect import Inspector
from tests.support.fakes import HERE, ID, LIST, ORG, SERVER_ERROR, A, applied, at, desk, inputs_of

POST = call.create(ORG, user_id="ada", session_group=None, metadata=None, expiration_minutes=60, initial_messages=[A])
COMPLETE = call.update(ORG, ID, status="completed")
CREATED = {"grantedExpiresAt": at(60), "createdAt": at(0), "baseUrl": HERE, "expired": False}
PUT = {"totalMessages": 3, "totalTokens": 40, "updatedAt": at(0)}


@pytest.mark.parametrize(("status", "more", "calls"), [("active", {}, [POST]), ("completed", PUT, [POST, COMPLETE])])
def test_create_sends_a_post_and_completes_the_session(status: str, more: dict[str, Any], calls: list[Any]) -> None:
    host, inputs = desk(), inputs_of(applied(60), status=status)
    assert host.operations.create(inputs) == (ID, inputs | CREATED | more)
    assert host.calls == calls


@pytest.mark.parametrize("failure", [SERVER_ERROR, AnswerLostError("lost"), InvalidRequestError("no", status=400)])
def test_a_create_that_cannot_complete_says_what_was_created(failure: Exception) -> None:
    host, inputs = desk(), inputs_of(applied(60), status="completed")
    host.api.update.side_effect = failure
    with pytest.raises(HalfDoneError) as half:
        host.operations.create(inputs)
    assert str(half.value) == f"{failure}; session {ID} was created: the next `pulumi up` completes it"
    assert half.value.unrecorded == f"{failure}; session {ID} was created, but is not in state: delete it by its id"
    assert (half.value.session_id, half.value.outputs) == (ID, inputs | {"status": "active"} | CREATED)
    assert host.calls == [POST, COMPLETE]


def test_a_half_done_create_is_completed_by_one_request() -> None:
    host = desk()
    outputs = inputs_of(applied(60), status="active") | CREATED
    new = inputs_of(applied(60), status="completed")
    diff = host.operations.diff(ID, outputs, new)
    assert (diff.changes, diff.replaces, diff.sentence) == (None, [], "completes it")
    assert host.operations.update(ID, outputs, new) == outputs | {"status": "completed"} | PUT
    assert host.calls == [COMPLETE]


SENT = f"sent at {at(0)}. "
FORBIDDEN = ForbiddenError("no", status=403)
OTHER = SessionSummary("77aa", None, None, at(-14), None)
LISTED: list[tuple[Any, str]] = [
    ([], "The API lists no session that it may have made"),
    (
        [SessionSummary(ID, None, None, at(0), None)],
        f"It may have made session {ID}. If no stack has it in its state, delete it by its id,",
    ),
    (
        [SessionSummary(ID, None, None, None, None), OTHER],
        f"session {ID} or 77aa. If no stack has it in its state",
    ),
    ([SessionSummary("old", None, None, at(-16), None)], "The API lists no session that it may have made"),
    (UnreachableError("no connection"), "Could not determine whether a session was created; it expires by itself"),
    (SERVER_ERROR, "Could not determine whether a session was created; it expires by itself"),
    (FORBIDDEN, "Could not determine whether a session was created; it expires by itself"),
]


@pytest.mark.parametrize(("listed", "claim"), LISTED)
@pytest.mark.parametrize("failure", [AnswerLostError("lost"), SERVER_ERROR, ApiError("no JSON", status=201)])
def test_an_ambiguous_create_is_not_retried_and_names_possible_orphans(
    failure: Exception, listed: list[SessionSummary] | Exception, claim: str
) -> None:
    host = desk()
    host.api.create.side_effect = failure
    host.api.list.side_effect = listed if isinstance(listed, Exception) else None
    host.api.list.return_value = iter(listed) if isinstance(listed, list) else None
    with pytest.raises(AnswerLostError) as error:
        host.operations.create(inputs_of(applied(60)))
    assert str(error.value).startswith(f"{failure}; {SENT}")
    assert claim in str(error.value)
    # The time of creation identifies the session only now, so the list is retried after an invalid response. It is not
    # retried after a refusal or a failed connection.
    assert host.calls == [POST, *[LIST] * (3 if listed is SERVER_ERROR else 1)]


def test_where_it_may_be_deleted_a_session_without_a_creation_time_is_not_what_was_made() -> None:
    host = desk()
    listed = [SessionSummary(ID, None, None, None, None), SessionSummary("dated", None, None, at(0), None)]
    host.api.list.side_effect = lambda *_args, **_filters: iter(listed)
    sent, inspector = timestamps.parse(at(0)), Inspector(host.api)
    assert inspector.created_since(inputs_of(applied(60)), sent, sent) == ["dated"]
    assert inspector.created_since(inputs_of(applied(60)), sent) == [ID, "dated"]


def test_a_create_without_an_id_in_the_response_is_ambiguous() -> None:
    host = desk()
    host.api.create.return_value = CreatedSession(None, None, None)
    with pytest.raises(AnswerLostError, match=r"^creating the session: the API's response has no sessionId; sent at "):
        host.operations.create(inputs_of(applied(60)))


def test_a_refused_create_sends_no_further_request() -> None:
    host = desk()
    host.api.create.side_effect = InvalidRequestError("no", status=400)
    with pytest.raises(ApiError, match=r"^no$"):
        host.operations.create(inputs_of(applied(60)))
    assert host.calls == [POST]
