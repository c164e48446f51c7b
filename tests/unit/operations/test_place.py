"""A session belongs to the host where it was created."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from quant_sessions_provider.core.errors import RefusedError
from quant_sessions_provider.operations.api import StoredSession
from tests.support.fakes import GET, HERE, ID, NOT_FOUND, A, applied, at, desk, inputs_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from quant_sessions_provider.operations.crud import Operations

THERE = "https://there.example"
MISMATCH = f"session {ID} was created at {THERE}, but baseUrl is {HERE}"
WAYS_OUT = (
    f"{MISMATCH}: set baseUrl back, or run `pulumi refresh --run-program`, which takes the session over if it is there"
    " with the same creation time"
)
MOVED = applied(9, baseUrl=THERE, createdAt=at(-51))
VERBS: dict[str, Callable[[Operations], object]] = {
    "an unchanged plan": lambda verbs: verbs.diff(ID, MOVED, inputs_of(MOVED)),
    "a plan": lambda verbs: verbs.diff(ID, MOVED, inputs_of(MOVED, metadata={})),
    "update": lambda verbs: verbs.update(ID, MOVED, inputs_of(MOVED, metadata={})),
    "delete": lambda verbs: verbs.delete(ID, MOVED),
}


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_sends_requests_to_another_host(verb: str) -> None:
    host = desk()
    with pytest.raises(RefusedError, match=f"^{re.escape(WAYS_OUT)}$"):
        VERBS[verb](host.operations)
    assert host.calls == []


@pytest.mark.parametrize("spelling", ["HTTPS://HERE.example", "https://here.example:443", "https://here.example/"])
def test_equivalent_base_urls_are_the_same_host(spelling: str) -> None:
    outputs = applied(9, baseUrl=spelling)
    assert desk().operations.diff(ID, outputs, inputs_of(outputs)).changes is False


@pytest.mark.parametrize("recorded", ["ftp://[", 7, "a\nb"])
def test_an_invalid_recorded_base_url_is_not_in_the_error(recorded: Any) -> None:  # noqa: ANN401 - any value in state
    outputs = applied(9, baseUrl=recorded)
    with pytest.raises(RefusedError, match=f"^session {ID} was created at ") as caught:
        desk().operations.delete(ID, outputs)
    assert "\n" not in str(caught.value)


def test_refresh_takes_over_a_session_with_the_same_creation_time() -> None:
    host = desk()
    found = host.operations.read(ID, MOVED | {"createdAt": "2026-11-24T12:09:00+01:00"})
    assert found is not None
    assert (found["baseUrl"], host.calls) == (HERE, [GET])


@pytest.mark.parametrize(
    ("live", "created", "text"),
    [
        (NOT_FOUND, at(-51), f"{MISMATCH}, which has no such session: set baseUrl back"),
        (StoredSession(ID, None, None, [A], at(-50)), at(-51), f"{MISMATCH}, which has another session of that id"),
        (StoredSession(ID, None, None, [A], None), at(-51), f"{MISMATCH}, which has another session of that id"),
        (StoredSession(ID, None, None, [A], at(-51)), None, f"{MISMATCH}, which has another session of that id"),
    ],
)
def test_refresh_takes_over_no_other_session(live: object, created: str | None, text: str) -> None:
    host = desk()
    host.api.get.side_effect = [live]
    with pytest.raises(RefusedError, match=f"^{re.escape(text)}"):
        host.operations.read(ID, MOVED | {"createdAt": created})
