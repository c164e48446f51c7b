"""Creating a session, and what becomes of one that may have been made."""

from __future__ import annotations

from typing import Any
from unittest.mock import call

import pytest

from quant_sessions_provider.core.errors import (
    AnswerLostError,
    ApiError,
    ForbiddenError,
    InvalidRequestError,
    RefusedError,
    UnreachableError,
)
from quant_sessions_provider.operations.api import CreatedSession, DeletedSession, SessionSummary
from tests.support.fakes import DELETE, GET, HERE, ID, ORG, ORPHANS, SERVER_ERROR, A, applied, at, desk, inputs_of

POST = call.create(ORG, user_id="ada", session_group=None, metadata=None, expiration_minutes=60, initial_messages=[A])
COMPLETE = call.update(ORG, ID, status="completed")
CREATED = {"grantedExpiresAt": at(60), "createdAt": at(0), "baseUrl": HERE, "expired": False}
PUT = {"totalMessages": 3, "totalTokens": 40, "updatedAt": at(0)}


@pytest.mark.parametrize(("status", "more", "calls"), [("active", {}, [POST]), ("completed", PUT, [POST, COMPLETE])])
def test_create_posts_what_is_declared_and_completes_it(status: str, more: dict[str, Any], calls: list[Any]) -> None:
    host, inputs = desk(), inputs_of(applied(60), status=status)
    assert host.operations.create(inputs) == (ID, inputs | CREATED | more)
    assert host.calls == calls


@pytest.mark.parametrize(
    ("deleting", "fate", "calls"),
    [
        ([DeletedSession("deleted")], "the session was deleted again", [DELETE]),
        (
            [SERVER_ERROR] * 2,
            f"session {ID} was created and may still be there: delete it by its id",
            [DELETE, GET, DELETE],
        ),
    ],
)
def test_a_create_whose_second_request_fails_leaves_nothing_or_names_it(
    deleting: list[Any], fate: str, calls: list[Any]
) -> None:
    host = desk()
    host.api.update.side_effect, host.api.delete.side_effect = SERVER_ERROR, deleting
    with pytest.raises(RefusedError, match=f"^server error; {fate}$"):
        host.operations.create(inputs_of(applied(60), status="completed"))
    assert host.calls == [POST, COMPLETE, *calls]


SENT = f"sent at {at(0)}. "
FORBIDDEN = ForbiddenError("no", status=403)
OTHER = SessionSummary("77aa", None, None, at(-14), None)
TRACES: list[tuple[Any, str]] = [
    ([], "The API lists no session that it may have made"),
    (
        [SessionSummary(ID, None, None, at(0), None)],
        f"It may have made session {ID} (unless a stack has it in its state): delete it by its id,",
    ),
    (
        [SessionSummary(ID, None, None, None, None), OTHER],
        f"session {ID} or 77aa (whichever no stack has in its state)",
    ),
    ([SessionSummary("old", None, None, at(-16), None)], "The API lists no session that it may have made"),
    (UnreachableError("no connection"), "Could not determine whether a session was created; it expires by itself"),
    (SERVER_ERROR, "Could not determine whether a session was created; it expires by itself"),
    (FORBIDDEN, "Could not determine whether a session was created; it expires by itself"),
]


@pytest.mark.parametrize(("listed", "trace"), TRACES)
@pytest.mark.parametrize("failure", [AnswerLostError("lost"), SERVER_ERROR, ApiError("no JSON", status=201)])
def test_a_create_that_may_have_been_processed_is_not_repeated_and_names_what_it_may_have_made(
    failure: Exception, listed: list[SessionSummary] | Exception, trace: str
) -> None:
    host = desk()
    host.api.create.side_effect = failure
    host.api.list.side_effect = listed if isinstance(listed, Exception) else None
    host.api.list.return_value = iter(listed) if isinstance(listed, list) else None
    with pytest.raises(AnswerLostError) as error:
        host.operations.create(inputs_of(applied(60)))
    assert str(error.value).startswith(f"{failure}; {SENT}")
    assert trace in str(error.value)
    # Only now can it be told by its time, so an answer of no use is asked for again; a refusal, or a connection that
    # failed, is not.
    assert host.calls == [POST, *[ORPHANS] * (3 if listed is SERVER_ERROR else 1)]


def test_a_create_that_tells_no_id_may_have_made_a_session() -> None:
    host = desk()
    host.api.create.return_value = CreatedSession(None, None, None, None)
    with pytest.raises(AnswerLostError, match=r"^creating the session: the API's answer has no sessionId; sent at "):
        host.operations.create(inputs_of(applied(60)))


def test_a_create_that_was_refused_made_nothing_and_nothing_is_asked() -> None:
    host = desk()
    host.api.create.side_effect = InvalidRequestError("no", status=400)
    with pytest.raises(ApiError, match=r"^no$"):
        host.operations.create(inputs_of(applied(60)))
    assert host.calls == [POST]
