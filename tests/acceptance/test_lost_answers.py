"""Responses are lost, before or after the effect of the request. Requests that are not idempotent are not retried."""

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

ON_BOTH_HOSTS = True
FIRST: Final = [{"role": "user", "content": "Hello"}]
GROWN: Final = [*FIRST, {"role": "assistant", "content": "Hi"}]
EARLIER: Final[dict[str, dict[str, Any]]] = {
    name: {"user_id": name, "messages": FIRST}
    for name in ("append-before", "append-after", "extend-before", "extend-after", "delete-before", "delete-after")
}
LATER: Final[dict[str, dict[str, Any]]] = {
    # Each has its own organization, so that faults can distinguish the two creations.
    **{name: {"user_id": name, "organization": name} for name in ("create-before", "create-after")},
    **{name: {"user_id": name, "messages": GROWN} for name in ("append-before", "append-after")},
    **{
        name: {"user_id": name, "messages": FIRST, "expiration_minutes": 90}
        for name in ("extend-before", "extend-after")
    },
}


@dataclass
class Results:
    """Results of a run with lost responses, and of a second run without."""

    failed: Run
    sent: list[dict[str, Any]]
    clean: Run
    sent_then: list[dict[str, Any]]
    ids: dict[str, str]
    state: dict[str, dict[str, Any]]
    stored: list[dict[str, Any]]
    url: str

    def requests(self, name: str, *, then: bool = False) -> list[str]:
        """Return the requests for one session: method, and "extend" for an extension."""
        own = (self.ids[name], name)
        log = self.sent_then if then else self.sent
        mine = [r for r in log if any(part in own for part in r["path"].split("/")) or r["query"].get("userId") == name]
        return [r["method"] + ("" if not r["path"].endswith("/extend") else " extend") for r in mine]

    def sessions(self, name: str) -> list[dict[str, Any]]:
        return [session for session in self.stored if session["userId"] == name]


def _inject_faults(emulator: Emulator, ids: dict[str, str]) -> None:
    emulator.fault("drop", "before", method="POST", path="/create-before/")
    emulator.fault("truncate", "after", method="POST", path="/create-after/")
    emulator.fault("status", "before", method="PUT", path=ids["append-before"], status=500)
    emulator.fault("drop", "after", method="PUT", path=ids["append-after"])
    emulator.fault("drop", "before", method="PUT", path=ids["extend-before"])
    emulator.fault("status", "after", method="PUT", path=ids["extend-after"], status=503)
    emulator.fault("drop", "before", method="DELETE", path=ids["delete-before"])
    emulator.fault("status", "after", method="DELETE", path=ids["delete-after"], status=500)


@pytest.fixture(scope="module")
def results(new_stack: NewStack, emulator: Emulator) -> Results:
    declared = EARLIER

    def program() -> None:
        for name, arguments in declared.items():
            Session(name, **arguments)

    stack = new_stack(program)
    assert not stack.up().failed
    ids = {name: resource["id"] for name, resource in stack.resources().items()}
    emulator.clear()
    _inject_faults(emulator, ids)
    declared = LATER
    failed, sent = stack.up(continue_on_error=True), emulator.requests(clear=True)
    clean, sent_then = stack.up(), emulator.requests()
    state = stack.resources()
    ids |= {name: resource["id"] for name, resource in state.items()}
    return Results(failed, sent, clean, sent_then, ids, state, emulator.sessions(), emulator.url)


def _lifetime(session: dict[str, Any]) -> int:
    span = timestamps.parse(session["expiresAt"]) - timestamps.parse(session["createdAt"])
    return round(span.total_seconds() / 60)


def _lost(results: Results, how: str = "did not respond") -> str:
    return f"{re.escape(results.url)} {how}; the request may have been applied"


def _lost_creation(results: Results, how: str = "did not respond") -> str:
    return rf"creating the session: {_lost(results, how)}; sent at (?P<at>[0-9T:-]+Z)\. "


def test_a_lost_creation_is_not_retried_and_names_possible_orphans(results: Results) -> None:
    none = re.fullmatch(
        f"{_lost_creation(results)}The API lists no session that it may have made",
        results.failed.refusal("create-before"),
    )
    assert none
    assert results.requests("create-before") == ["POST", "GET"]

    named = re.fullmatch(
        _lost_creation(results, "closed the connection mid-response")
        + r"It may have made session (?P<id>[0-9a-f-]+)\. "
        "If no stack has it in its state, delete it by its id, or let it expire",
        results.failed.refusal("create-after"),
    )
    assert named
    assert results.requests("create-after") == ["POST", "GET", "GET"]
    orphan, own = results.sessions("create-after")
    assert (orphan["id"], own["id"]) == (named["id"], results.ids["create-after"])
    sent, made = timestamps.parse(named["at"]), timestamps.parse(orphan["createdAt"])
    assert abs(made - sent) < timedelta(minutes=1)


@pytest.mark.parametrize("name", ["create-before", "create-after"])
def test_the_next_run_creates_each_declared_session_once(results: Results, name: str) -> None:
    assert results.requests(name, then=True) == ["POST"]
    assert len(results.sessions(name)) == {"create-before": 1, "create-after": 2}[name]


@pytest.mark.parametrize(("name", "then"), [("append-before", ["GET", "PUT"]), ("append-after", ["GET"])])
def test_a_lost_append_takes_effect_once_after_the_next_run(results: Results, name: str, then: list[str]) -> None:
    # After a 500 the effect is as unknown as after a lost response.
    words = {"append-before": "the API returned 500: A fault of the emulator", "append-after": _lost(results)}[name]
    line = f"updating session {results.ids[name]}: {words}"
    assert re.fullmatch(
        f"{line}. If it took effect, state does not know of it yet:"
        " run `pulumi up` again before you change the program back; nothing is applied twice",
        results.failed.refusal(name),
    )
    assert results.requests(name) == ["GET", "PUT"]
    assert results.requests(name, then=True) == then
    (own,) = results.sessions(name)
    assert own["messages"] == GROWN == results.state[name]["outputs"]["messages"]


@pytest.mark.parametrize(("name", "minutes"), [("extend-before", 90), ("extend-after", 120)])
def test_a_lost_extension_is_sent_again_and_the_error_says_so(results: Results, name: str, minutes: int) -> None:
    words = {"extend-after": "the API returned 503: A fault of the emulator", "extend-before": _lost(results)}[name]
    line = f"extending session {results.ids[name]}: {words}"
    assert re.fullmatch(
        f"{line}. The next run extends it again: at worst it lives longer", results.failed.refusal(name)
    )
    assert results.requests(name) == results.requests(name, then=True) == ["PUT extend"]
    (own,) = results.sessions(name)
    assert _lifetime(own) == minutes
    assert timestamps.parse(results.state[name]["outputs"]["grantedExpiresAt"]) == timestamps.parse(own["expiresAt"])


@pytest.mark.parametrize(
    ("name", "requests"), [("delete-before", ["DELETE", "GET", "DELETE"]), ("delete-after", ["DELETE", "GET", "GET"])]
)
def test_a_lost_deletion_is_retried_only_if_the_session_still_exists(
    results: Results, name: str, requests: list[str]
) -> None:
    assert not [text for text in results.failed.said(name) if "SessionError" in text]
    assert results.requests(name) == requests
    assert results.requests(name, then=True) == []
    assert results.sessions(name) == []


def test_the_next_run_succeeds_and_state_has_all_declared_sessions(results: Results) -> None:
    assert results.failed.failed
    assert not results.clean.failed
    assert results.state.keys() == LATER.keys()
    live = {session["id"] for session in results.stored}
    assert all(resource["id"] in live for resource in results.state.values())
