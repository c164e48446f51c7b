"""A session is gone if the API itself says so and a new list does not contain it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from quant_sessions_provider.core.errors import (
    ForbiddenError,
    GatewayNotFoundError,
    OtherSessionError,
    QuantSessionsError,
    RefusedError,
    UnreachableError,
)
from quant_sessions_provider.core.state import StoredState
from quant_sessions_provider.operations.absence import ActiveSessions
from quant_sessions_provider.operations.api import SessionSummary
from tests.support.fakes import DELETE, GET, ID, LIST, NOT_FOUND, SERVER_ERROR, applied, at, desk, inputs_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from quant_sessions_provider.operations.crud import Operations

UNPROVED = "not found; that does not prove that it is gone, so nothing was changed"
STATE_DELETE = "If you know that it is gone, `pulumi state delete` with its URN drops it from state"
VERBS: dict[str, Callable[[Operations, dict[str, Any]], object]] = {
    "read": lambda verbs, outputs: verbs.read(ID, outputs),
    "diff": lambda verbs, outputs: verbs.diff(ID, outputs, inputs_of(outputs, expiresAt=at(60))),
    "delete": lambda verbs, outputs: verbs.delete(ID, outputs),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("listing", "text"),
    [
        (None, f"{UNPROVED}: the API lists it as active"),
        (ForbiddenError("listing: 403", status=403), f"{UNPROVED}: listing: 403. {STATE_DELETE}"),
        (SERVER_ERROR, f"{UNPROVED}: server error"),
        (UnreachableError("no connection"), f"{UNPROVED}: no connection"),
        (RefusedError("the list changed"), f"{UNPROVED}: the list changed"),
    ],
)
def test_a_404_alone_proves_nothing(verb: str, listing: Exception | None, text: str) -> None:
    host = desk("alive")
    host.api.get.side_effect = host.api.delete.side_effect = NOT_FOUND
    if listing:
        host.api.list.side_effect = listing
    with pytest.raises(RefusedError, match=f"^{re.escape(text)}$"):
        VERBS[verb](host.operations, applied(-9))
    assert host.calls == [*([DELETE] if verb == "delete" else []), GET, LIST]


def test_a_404_of_a_gateway_says_that_nothing_was_changed_and_asks_for_no_list() -> None:
    host = desk("alive")
    host.api.get.side_effect = GatewayNotFoundError("not found", status=404)
    with pytest.raises(RefusedError, match=f"^{UNPROVED}$"):
        host.operations.read(ID, applied(-9))
    assert host.calls == [GET]


@pytest.mark.parametrize(("more", "first"), [({}, True), ({"model": "m"}, False)])
def test_another_sessions_data_in_the_first_read_is_said_to_be_so(more: dict[str, Any], *, first: bool) -> None:
    host = desk("alive")
    host.api.get.side_effect = OtherSessionError("another session's data", status=200)
    with pytest.raises(QuantSessionsError) as error:
        host.operations.read(ID, applied(9, **more))
    assert ("; this is the first read since its creation" in str(error.value)) == first
    assert host.calls == [GET]


@pytest.mark.parametrize("nameless", [None, ""])
def test_a_list_with_an_entry_that_has_no_id_proves_nothing(nameless: str | None) -> None:
    host = desk("gone")
    host.api.list.side_effect = lambda *_args, **_filters: iter([SessionSummary(nameless, None, None, None, None)])
    with pytest.raises(RefusedError, match=f"^{UNPROVED}: listing sessions: an entry has no id"):
        host.operations.read(ID, applied(9))


def test_ids_are_compared_case_insensitively() -> None:
    host = desk("gone")
    host.api.list.side_effect = lambda *_args, **_filters: iter([SessionSummary(ID.upper(), None, None, None, None)])
    with pytest.raises(RefusedError, match="lists it as active"):
        host.operations.read(ID, applied(9))


def test_a_look_up_has_no_user_to_list_by_and_is_never_dropped() -> None:
    host = desk("gone")
    with pytest.raises(RefusedError, match=r"is not found at https://here\.example: nothing to read"):
        host.operations.read(ID, {"baseUrl": "https://here.example"})
    assert host.calls == [GET]


def test_one_list_answers_all_earlier_questions_and_no_later_one() -> None:
    host = desk("gone")
    active = ActiveSessions(host.api)
    asked = [active.tick() for _ in range(1000)]
    assert not any(active.hold(StoredState(f"s{tick}", applied(9)), tick) for tick in asked)
    assert host.calls == [LIST]
    assert active.hold(StoredState("other", applied(9)), active.tick())
    assert host.calls == [LIST, LIST]


def test_a_list_is_not_shared_between_owners() -> None:
    host = desk("gone")
    active, tick = ActiveSessions(host.api), 0
    for owner in ({}, {"userId": "bob"}, {"sessionGroup": "g"}, {"organization": "other"}):
        assert not active.hold(StoredState(ID, applied(9, **owner)), tick)
    assert len(host.calls) == 4
