"""Requests whose answers are lost, before and after their effect: nothing is sent twice that must not be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest

from quant_sessions_provider import Session
from quant_sessions_provider.core import timestamps

if TYPE_CHECKING:
    from tests.acceptance.conftest import NewStack
    from tests.support.emulator_server import Emulator
    from tests.support.engine import Run

FIRST: Final = [{"role": "user", "content": "Hello"}]
GROWN: Final = [*FIRST, {"role": "assistant", "content": "Hi"}]
EARLIER: Final[dict[str, dict[str, Any]]] = {
    name: {"user_id": name, "messages": FIRST}
    for name in ("append-before", "append-after", "extend-before", "extend-after", "delete-before", "delete-after")
}
LATER: Final[dict[str, dict[str, Any]]] = {
    # Organisations of their own tell the two creations apart.
    **{name: {"user_id": name, "organization": name} for name in ("create-before", "create-after")},
    **{name: {"user_id": name, "messages": GROWN} for name in ("append-before", "append-after")},
    **{
        name: {"user_id": name, "messages": FIRST, "expiration_minutes": 90}
        for name in ("extend-before", "extend-after")
    },
}


@dataclass
class Lives:
    """What one run with lost answers and a clean one after it showed, asked for and left."""

    failed: Run
    sent: list[dict[str, Any]]
    clean: Run
    sent_then: list[dict[str, Any]]
    ids: dict[str, str]
    state: dict[str, dict[str, Any]]
    stored: list[dict[str, Any]]
    url: str

    def requests(self, name: str, *, then: bool = False) -> list[str]:
        """List the requests for one session: method, and the path's last part if it is no id."""
        own = (self.ids[name], name)
        log = self.sent_then if then else self.sent
        mine = [r for r in log if any(part in own for part in r["path"].split("/")) or r["query"].get("userId") == name]
        return [r["method"] + ("" if not r["path"].endswith("/extend") else " extend") for r in mine]

    def sessions(self, name: str) -> list[dict[str, Any]]:
        return [session for session in self.stored if session["userId"] == name]


def _lose(emulator: Emulator, ids: dict[str, str]) -> None:
    emulator.fault("drop", "before", method="POST", path="/create-before/")
    emulator.fault("truncate", "after", method="POST", path="/create-after/")
    emulator.fault("status", "before", method="PUT", path=ids["append-before"], status=500)
    emulator.fault("drop", "after", method="PUT", path=ids["append-after"])
    emulator.fault("drop", "before", method="PUT", path=ids["extend-before"])
    emulator.fault("status", "after", method="PUT", path=ids["extend-after"], status=503)
    emulator.fault("drop", "before", method="DELETE", path=ids["delete-before"])
    emulator.fault("status", "after", method="DELETE", path=ids["delete-after"], status=500)


@pytest.fixture(scope="module")
def lives(new_stack: NewStack, emulator: Emulator) -> Lives:
    declared = EARLIER

    def program() -> None:
        for name, arguments in declared.items():
            Session(name, **arguments)

    stack = new_stack(program)
    assert not stack.up().failed
    ids = {name: resource["id"] for name, resource in stack.resources().items()}
    emulator.clear()
    _lose(emulator, ids)
    declared = LATER
    failed, sent = stack.up(continue_on_error=True), emulator.requests(clear=True)
    clean, sent_then = stack.up(), emulator.requests()
    state = stack.resources()
    ids |= {name: resource["id"] for name, resource in state.items()}
    return Lives(failed, sent, clean, sent_then, ids, state, emulator.sessions(), emulator.url)


def _lived(session: dict[str, Any]) -> int:
    span = timestamps.parse(session["expiresAt"]) - timestamps.parse(session["createdAt"])
    return round(span.total_seconds() / 60)


def _lost(lives: Lives) -> str:
    return f"{re.escape(lives.url)} did not respond; the request may have been applied"


def test_a_lost_creation_is_not_repeated_and_names_when_it_was_sent_and_what_it_may_have_made(lives: Lives) -> None:
    begin = rf"SessionError: creating the session: {_lost(lives)}; sent at (?P<at>[0-9T:-]+Z)\. "
    none = re.fullmatch(f"{begin}The API lists no session that it may have made", lives.failed.refusal("create-before"))
    assert none
    assert lives.requests("create-before") == ["POST", "GET"]

    named = re.fullmatch(
        rf"{begin}It may have made session (?P<id>[0-9a-f-]+) \(unless a stack has it in its state\): "
        "delete it by its id, or let it expire",
        lives.failed.refusal("create-after"),
    )
    assert named
    assert lives.requests("create-after") == ["POST", "GET"]
    orphan, own = lives.sessions("create-after")
    assert (orphan["id"], own["id"]) == (named["id"], lives.ids["create-after"])
    sent, made = timestamps.parse(named["at"]), timestamps.parse(orphan["createdAt"])
    assert abs(made - sent) < timedelta(minutes=1)


@pytest.mark.parametrize("name", ["create-before", "create-after"])
def test_the_next_run_creates_what_is_declared_once(lives: Lives, name: str) -> None:
    assert lives.requests(name, then=True) == ["POST"]
    assert len(lives.sessions(name)) == {"create-before": 1, "create-after": 2}[name]


@pytest.mark.parametrize(("name", "then"), [("append-before", ["GET", "PUT"]), ("append-after", ["GET"])])
def test_a_lost_append_is_there_once_after_the_next_run(lives: Lives, name: str, then: list[str]) -> None:
    # The API's own 500 says no more of an effect than silence does.
    words = {"append-before": "the API returned 500: A fault of the emulator", "append-after": _lost(lives)}[name]
    line = f"SessionError: updating session {lives.ids[name]}: {words}"
    assert re.fullmatch(
        f"{line}. If it took effect, state does not know of it yet:"
        " run `pulumi up` again before you change the program back; nothing is applied twice",
        lives.failed.refusal(name),
    )
    assert lives.requests(name) == ["GET", "PUT"]
    assert lives.requests(name, then=True) == then
    (own,) = lives.sessions(name)
    assert own["messages"] == GROWN == lives.state[name]["outputs"]["messages"]


@pytest.mark.parametrize(("name", "minutes"), [("extend-before", 90), ("extend-after", 120)])
def test_a_lost_extension_is_made_again_at_worst_longer_and_said(lives: Lives, name: str, minutes: int) -> None:
    words = {"extend-after": "the API returned 503: A fault of the emulator", "extend-before": _lost(lives)}[name]
    line = f"SessionError: extending session {lives.ids[name]}: {words}"
    assert re.fullmatch(f"{line}. The next run extends it again: at worst it lives longer", lives.failed.refusal(name))
    assert lives.requests(name) == lives.requests(name, then=True) == ["PUT extend"]
    (own,) = lives.sessions(name)
    assert _lived(own) == minutes
    assert timestamps.parse(lives.state[name]["outputs"]["grantedExpiresAt"]) == timestamps.parse(own["expiresAt"])


@pytest.mark.parametrize(
    ("name", "requests"), [("delete-before", ["DELETE", "GET", "DELETE"]), ("delete-after", ["DELETE", "GET"])]
)
def test_a_lost_deletion_is_repeated_only_for_what_still_lives(lives: Lives, name: str, requests: list[str]) -> None:
    assert not [text for text in lives.failed.said(name) if "SessionError" in text]
    assert lives.requests(name) == requests
    assert lives.requests(name, then=True) == []
    assert lives.sessions(name) == []


def test_the_next_run_is_clean_and_state_holds_what_is_declared(lives: Lives) -> None:
    assert lives.failed.failed
    assert not lives.clean.failed
    assert lives.state.keys() == LATER.keys()
    live = {session["id"] for session in lives.stored}
    assert all(resource["id"] in live for resource in lives.state.values())
