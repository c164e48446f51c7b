"""A session counts as gone only if the API itself says so, on the real engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from quant_sessions_provider import Session
from tests.acceptance.conftest import ORGANIZATION
from tests.acceptance.wire import PATH
from tests.support.ageing import age
from tests.support.emulator_server import Emulator

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.conftest import NewStack
    from tests.support.engine import Stack

UNPROVED = "that does not prove that it is gone, so nothing was changed"
ANSWERS: dict[str, tuple[dict[str, Any], str]] = {
    "a page of nginx": ({"status": 404, "template": "nginx"}, "a web page"),
    "no such route": ({"status": 404, "template": "routeNotFound"}, "the API lists it as active"),
}


def _desk(new_stack: NewStack, **declared: Any) -> Stack:  # noqa: ANN401 - any properties
    stack = new_stack(lambda: (Session("desk", **{"user_id": "u", **declared}), None)[1])
    assert not stack.up().failed
    return stack


def _id(stack: Stack) -> str:
    return str(stack.resources()["desk"]["id"])


def _ids(emulator: Emulator) -> list[str]:
    return [row["id"] for row in emulator.sessions(ORGANIZATION)]


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_404_of_something_else_neither_drops_nor_creates_nor_deletes_sessions(
    new_stack: NewStack, emulator: Emulator, tmp_path: Path, answer: str
) -> None:
    fault, words = ANSWERS[answer]
    stack = _desk(new_stack)
    session, state = _id(stack), stack.resources()
    stack.config("quant-sessions:transcriptDir", str(tmp_path))
    emulator.fault(path=f"{PATH}/{session}", count=None, **fault)
    for run in (stack.refresh(), stack.up(refresh=True), stack.destroy(run_program=True)):
        assert run.failed
        assert words in run.refusal("desk")
        assert UNPROVED in run.refusal("desk")
        assert stack.resources()["desk"]["outputs"] == state["desk"]["outputs"]
    emulator.clear_faults()
    assert session in _ids(emulator)
    assert not stack.destroy().failed
    assert {file.name for file in tmp_path.iterdir()} == {f"{session}.json", "index.jsonl"}
    emulator.clear()


def test_one_404_after_the_expiry_does_not_replace_a_live_session(new_stack: NewStack, emulator: Emulator) -> None:
    """The session is alive. A refresh that got a 404 from a gateway must not cause its replacement."""
    stack = _desk(new_stack)
    session = _id(stack)
    age(stack, emulator, {"desk": 61})
    emulator.shift(7200, session)
    emulator.fault(status=404, template="routeNotFound", path=f"{PATH}/{session}")
    assert stack.refresh().failed
    assert stack.up().ops("desk") == ["update"]
    assert _id(stack) == session


def test_without_permission_to_list_the_error_suggests_state_delete(new_stack: NewStack, emulator: Emulator) -> None:
    stack = _desk(new_stack)
    emulator.api("DELETE", ORGANIZATION, f"/{_id(stack)}").raise_for_status()
    emulator.fault(status=403, method="GET", path=f"{PATH}$", count=None)
    refused = stack.refresh()
    assert refused.failed
    assert refused.refusal("desk").endswith("`pulumi state delete` with its URN drops it from state")
    emulator.clear_faults()
    assert not stack.refresh().failed
    assert "desk" not in stack.resources()


def test_a_changed_base_url_loses_no_session(new_stack: NewStack, emulator: Emulator) -> None:
    stack = _desk(new_stack)
    session = _id(stack)
    created = stack.resources()["desk"]["outputs"]["createdAt"]
    with Emulator() as other:
        stack.environment(QUANTCDN_BASE_URL=other.url)
        for run in (stack.preview(), stack.up(), stack.destroy()):
            assert run.failed
            line = f"session {session} was created at {emulator.url}, but baseUrl is {other.url}: set baseUrl back"
            assert line in run.refusal("desk")
        assert other.requests() == []
        assert session in _ids(emulator)

        refused = stack.refresh()
        assert "which has no such session: set baseUrl back" in refused.refusal("desk")
        other.seed(ORGANIZATION, session, userId="u", createdAt=created)
        assert not stack.refresh().failed
        assert stack.resources()["desk"]["outputs"]["baseUrl"] == other.url
        assert stack.preview().ops("desk") == ["same"]
        assert not stack.destroy().failed
        assert other.sessions(ORGANIZATION) == []
    assert session in _ids(emulator)
