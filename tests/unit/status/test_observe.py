"""Looking at sessions: requests at the same time, lists that are shared, failures of one."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING
from unittest.mock import create_autospec

import pytest

from quant_sessions_provider.core import settings as config
from quant_sessions_provider.core.errors import ApiError, GatewayNotFoundError, NotFoundError
from quant_sessions_provider.operations.api import SessionsApi, SessionSummary, StoredSession
from quant_sessions_provider.status.model import Seen
from quant_sessions_provider.status.observe import Observer
from quant_sessions_provider.status.parallel import in_parallel
from quant_sessions_provider.status.rows import status_of
from tests.support.exports import state
from tests.support.statuses import NOW, session

if TYPE_CHECKING:
    from unittest.mock import NonCallableMagicMock

SETTINGS = config.load(
    {"quant:bearer": "t", "quant:organization": "acme", "quant:baseUrl": "https://a.example"}.get, {}
)


@pytest.fixture
def api() -> NonCallableMagicMock:
    made: NonCallableMagicMock = create_autospec(SessionsApi, instance=True)
    made.get.side_effect = lambda _, session_id: StoredSession(session_id, None, None, [], None)
    return made


def look(api: NonCallableMagicMock, *minutes: float) -> list[Seen]:
    sessions = [session(f"it-{place}", left) for place, left in enumerate(minutes)]
    return Observer(api, SETTINGS).look(sessions, lambda: NOW)


def test_requests_are_sent_at_the_same_time(api: NonCallableMagicMock) -> None:
    together = threading.Barrier(16, timeout=60)

    def get(_: str, session_id: str) -> StoredSession:
        together.wait()
        return StoredSession(session_id, None, None, [], None)

    api.get.side_effect = get
    assert [seen.life for seen in look(api, *[30] * 32)] == ["alive"] * 32


def test_one_list_serves_all_sessions_of_an_owner_that_are_past_their_expiry(api: NonCallableMagicMock) -> None:
    api.list.side_effect = lambda *_, user_id, **__: iter(
        [SessionSummary(f"0000000{len(user_id)}-{user_id}", None, None, None, None)]
    )
    sessions = [session(f"it-{place:02}", -5, userId=f"u{place % 2}") for place in range(40)]
    seen = Observer(api, SETTINGS).look(sessions, lambda: NOW)
    assert {each.life for each in seen} == {"expired"}
    assert sorted(call.kwargs["user_id"] for call in api.list.call_args_list) == ["u0", "u1"]


def test_a_404_past_the_expiry_is_expired_and_before_it_gone(api: NonCallableMagicMock) -> None:
    api.get.side_effect = NotFoundError("reading it: the API returned 404", status=404)
    assert look(api, 30, -5) == [Seen("gone"), Seen("expired")]
    api.list.assert_not_called()


def test_a_session_that_expires_during_the_look_is_expired(api: NonCallableMagicMock) -> None:
    clock = [NOW]

    def get(*_: str) -> StoredSession:
        clock.append(NOW + timedelta(minutes=20))
        raise NotFoundError("reading it: the API returned 404", status=404)

    api.get.side_effect = get
    document = state({"it": {"expirationMinutes": 730}})  # ten minutes after NOW
    looked = status_of(document, Observer(api, SETTINGS), lambda: clock[-1])
    assert (looked.at, [row.seen.life for row in looked.rows]) == (clock[-1], ["expired"])
    assert [row.next and row.next.at for row in looked.rows] == [clock[-1]]


@pytest.mark.parametrize("error", [GatewayNotFoundError("a page", status=404), ApiError("boom", status=500)])
def test_what_proves_nothing_is_unknown(api: NonCallableMagicMock, error: ApiError) -> None:
    api.get.side_effect = error
    assert look(api, 30) == [Seen("unknown", str(error))]


def test_a_list_that_fails_leaves_the_session_unknown(api: NonCallableMagicMock) -> None:
    api.list.side_effect = ApiError("boom", status=500)
    assert [(seen.life, seen.why) for seen in look(api, -5, 30)] == [("unknown", "boom"), ("alive", "")]


def test_a_bug_is_raised_and_does_not_hang(api: NonCallableMagicMock) -> None:
    api.get.side_effect = ZeroDivisionError
    with pytest.raises(ZeroDivisionError):
        look(api, *[30] * 40)


def test_answers_come_in_the_order_of_the_items() -> None:
    assert in_parallel(str, range(100), threads=7) == [str(number) for number in range(100)]
    assert in_parallel(str, [], threads=7) == []
