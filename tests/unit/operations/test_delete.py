"""delete: after an error or an empty response, a GET and the list show whether the session is gone."""

from __future__ import annotations

import re
from typing import Any

import pytest

from quant_sessions_provider.core.errors import AnswerLostError, QuantSessionsError, UnreachableError
from quant_sessions_provider.operations.api import DeletedSession, StoredSession
from tests.support.fakes import DELETE, GET, ID, LIST, NOT_FOUND, SERVER_ERROR, applied, desk

FOUND = StoredSession(ID, None, None, None, None)
DONE, NOTHING = DeletedSession("deleted"), DeletedSession(None)


@pytest.mark.parametrize(
    ("deleting", "reading", "calls"),
    [
        ([DONE], [], [DELETE]),
        ([SERVER_ERROR], [NOT_FOUND], [DELETE, GET, LIST]),
        ([NOT_FOUND], [NOT_FOUND], [DELETE, GET, LIST]),
        ([AnswerLostError("lost")], [NOT_FOUND], [DELETE, GET, LIST]),
        ([SERVER_ERROR, DONE], [FOUND], [DELETE, GET, DELETE]),
        # After an empty response the session may or may not be deleted.
        ([NOTHING], [NOT_FOUND], [DELETE, GET, LIST]),
        ([NOTHING, DONE], [FOUND], [DELETE, GET, DELETE]),
        ([NOTHING, NOTHING], [FOUND, NOT_FOUND], [DELETE, GET, DELETE, GET, LIST]),
        # The first one takes effect while the second one is on its way.
        ([AnswerLostError("lost"), NOT_FOUND], [FOUND, NOT_FOUND], [DELETE, GET, DELETE, GET, LIST]),
        ([AnswerLostError("lost"), SERVER_ERROR], [FOUND, NOT_FOUND], [DELETE, GET, DELETE, GET, LIST]),
    ],
)
def test_delete_is_retried_only_if_the_session_still_exists(
    deleting: list[Any], reading: list[Any], calls: list[Any]
) -> None:
    host = desk("gone")
    host.api.delete.side_effect, host.api.get.side_effect = deleting, reading
    host.operations.delete(ID, applied(9))
    assert host.calls == calls


@pytest.mark.parametrize(
    ("deleting", "reading", "text"),
    [
        ([UnreachableError("unreachable")], [], "unreachable"),
        ([SERVER_ERROR] * 2, [FOUND] * 2, "server error"),
        ([AnswerLostError("lost")], [UnreachableError("unreachable")], "unreachable"),
        ([NOTHING] * 2, [FOUND] * 2, f"session {ID} is not deleted: the API reported success but still returns it"),
    ],
)
def test_an_ambiguous_delete_fails(deleting: list[Any], reading: list[Any], text: str) -> None:
    host = desk()
    host.api.delete.side_effect, host.api.get.side_effect = deleting, reading
    with pytest.raises(QuantSessionsError, match=f"^{re.escape(text)}$"):
        host.operations.delete(ID, applied(9))
