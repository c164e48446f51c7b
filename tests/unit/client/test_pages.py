"""A list that changes while it is read: no session that is there all the time is missed, or that is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant_sessions_provider.client.sessions import Client
from quant_sessions_provider.core.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable


class ChangingList:
    """A transport to a server that caps its pages, and whose list changes between two of them."""

    def __init__(self, ids: list[int], cap: int, changes: list[tuple[int, bool]]) -> None:
        self.ids, self.cap, self.changes = list(ids), cap, iter(changes)
        self.stayed = set(ids)
        self.requests = 0

    def request(self, *_: object, parse: Callable[[object], Any], query: dict[str, str], **__: object) -> Any:  # noqa: ANN401 - whatever is parsed
        self.requests += 1
        offset, size = int(query["offset"]), min(int(query["limit"]), self.cap)
        page = self.ids[offset : offset + size]
        self._change()
        return parse([{"id": str(number)} for number in page])

    def _change(self) -> None:
        place, ends = next(self.changes, (-1, False))
        if place < 0:
            return
        if ends and self.ids:
            self.stayed.discard(self.ids.pop(place % len(self.ids)))
        elif not ends:
            self.ids.insert(place % (len(self.ids) + 1), 1000 + self.requests)


def client_for(server: ChangingList) -> Client:
    return Client(lambda: server)  # type: ignore[arg-type,return-value] # all that a list needs of a transport


CHANGES = st.lists(st.tuples(st.integers(-1, 30), st.booleans()), max_size=20)


@given(st.integers(0, 30), st.integers(1, 12), CHANGES)
def test_no_session_that_stays_is_missed_by_an_exhaustive_list(
    length: int, cap: int, changes: list[tuple[int, bool]]
) -> None:
    server = ChangingList(list(range(length)), cap, changes)
    try:
        found = {session.id for session in client_for(server).list("acme", exhaustive=True)}
    except RefusedError as error:
        assert "the list changed while it was read" in str(error)  # noqa: PT017 - one of two right ends
    else:
        assert {str(number) for number in server.stayed} <= found


@given(st.integers(0, 30), st.integers(2, 12))
def test_a_list_that_stays_costs_its_pages_and_one_request(length: int, cap: int) -> None:
    server = ChangingList(list(range(length)), cap, [])
    found = [session.id for session in client_for(server).list("acme", exhaustive=True)]
    assert found == [str(number) for number in range(length)]
    assert server.requests == (1 if length == 0 else -(-max(length - 1, 1) // (cap - 1)) + 1)


def test_a_list_that_changes_under_each_walk_proves_nothing() -> None:
    server = ChangingList(list(range(30)), 10, [(0, True)] * 30)
    with pytest.raises(RefusedError, match="the list changed while it was read"):
        list(client_for(server).list("acme", exhaustive=True))
