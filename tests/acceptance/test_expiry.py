"""What a run does about the time that has passed, on the real engine. Each row has its own age; all share one stack."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from quant_sessions_provider import Message, Session, instants
from tests.acceptance.conftest import ORGANIZATION
from tests.ageing import age

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.acceptance.conftest import NewStack
    from tests.emulator_server import Emulator
    from tests.engine import Run, Stack

    At = Callable[[float], str]
    Declared = Callable[[At], dict[str, Any]]

PATH = f"/api/v3/organizations/{ORGANIZATION}/ai/sessions"
HELLO: Message = {"role": "user", "content": "Hello"}
REPLACED = ["create-replacement", "replace", "delete-replaced"]
GONE = [("GET", "/ID", None)]


def _lives(**declared: Any) -> Declared:  # noqa: ANN401 - any properties
    return lambda _: declared


def _until(minutes: float, **declared: Any) -> Declared:  # noqa: ANN401 - any properties
    """Declare a moment so many minutes after the session was created."""
    return lambda at: {"expires_at": at(minutes), **declared}


@dataclass(frozen=True)
class Row:
    """A session of some age, and what the next run must show and send."""

    age: float
    before: Declared
    after: Declared | None = None
    ops: list[str] = field(default_factory=lambda: ["same"])
    changes: set[str] = field(default_factory=set)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    sent: list[tuple[str, str, Any]] = field(default_factory=list)
    said: str = ""
    noted: str = ""
    kept_alive: bool = False


def _extend(minutes: int) -> list[tuple[str, str, Any]]:
    return [("PUT", "/ID/extend", {"additionalMinutes": minutes})]


def _again(name: str, minutes: int = 60) -> list[tuple[str, str, Any]]:
    """Replace a session that is gone: the API answers its deletion with an error, and a GET tells why."""
    post = ("POST", "", {"userId": name, "expirationMinutes": minutes})
    return [post, ("DELETE", "/ID", None), ("GET", "/ID", None)]


ANEW = "it is gone, a new one starts from the declared messages"
ROWS = {
    "young": Row(10, _lives()),
    "renewal-not-due": Row(44, _lives(renew_before_minutes=15)),
    "renewal-due-at-the-edge": Row(
        45,
        _lives(renew_before_minutes=15),
        ops=["update"],
        changes={"expiresAt"},
        sent=_extend(46),
        said="14 minutes left: extends by 46 minutes, until about",
    ),
    "renewal-due-late": Row(
        59,
        _lives(renew_before_minutes=15),
        ops=["update"],
        changes={"expiresAt"},
        sent=_extend(60),
        said="0 minutes left: extends by 60 minutes, until about",
    ),
    "expired-recreate": Row(
        61,
        _lives(),
        ops=REPLACED,
        changes={"expiresAt"},
        asked=GONE,
        sent=GONE + _again("expired-recreate"),
        noted=ANEW,
    ),
    "expired-ignore": Row(61, _lives(on_expired="ignore")),
    "expired-completed": Row(61, _lives(status="completed")),
    "expired-ignore-but-changed": Row(
        61,
        _lives(on_expired="ignore"),
        _lives(on_expired="ignore", metadata={"a": 1}),
        ops=REPLACED,
        changes={"metadata"},
        asked=GONE,
        sent=[
            *GONE,
            ("POST", "", {"userId": "expired-ignore-but-changed", "expirationMinutes": 60, "metadata": {"a": 1}}),
            ("DELETE", "/ID", None),
            ("GET", "/ID", None),
        ],
        noted=ANEW,
    ),
    "expired-but-kept-alive": Row(
        61,
        _lives(),
        ops=["update"],
        changes={"expiresAt"},
        asked=[("GET", "/ID", None), ("GET", "", None)],
        sent=[("GET", "/ID", None), ("GET", "", None), *_extend(60)],
        said="was to expire at",
        kept_alive=True,
    ),
    "raised-renewal-not-due-then": Row(
        50,
        _lives(renew_before_minutes=15),
        _lives(renew_before_minutes=15, expiration_minutes=120),
        ops=["update"],
        changes={"expirationMinutes", "expiresAt"},
        sent=_extend(60),
        said="9 minutes left: extends by 60 minutes, until about",
    ),
    "raised-renewal-due-even-so": Row(
        55,
        _lives(renew_before_minutes=30),
        _lives(renew_before_minutes=30, expiration_minutes=70),
        ops=["update"],
        changes={"expirationMinutes", "expiresAt"},
        sent=_extend(66),
        said="4 minutes left: extends by 66 minutes, until about",
    ),
    "raised-with-renewal-and-messages": Row(
        50,
        _lives(renew_before_minutes=20),
        _lives(renew_before_minutes=20, messages=[HELLO], metadata={"a": 1}),
        ops=["update"],
        changes={"expiresAt", "messages", "metadata"},
        sent=[
            ("GET", "/ID", None),
            ("PUT", "/ID", {"newMessages": [HELLO], "metadata": {"a": 1}}),
            *_extend(51),
        ],
        said="appends 1 message; sends its metadata; 9 minutes left: extends by 51 minutes, until about",
    ),
    "raised-after-expiry": Row(
        61,
        _lives(on_expired="ignore"),
        _lives(on_expired="ignore", expiration_minutes=90),
        ops=REPLACED,
        changes={"expirationMinutes", "expiresAt"},
        asked=GONE,
        sent=GONE + _again("raised-after-expiry", 90),
        noted=ANEW,
    ),
    "lowered-after-expiry": Row(
        61,
        _lives(),
        _lives(expiration_minutes=30),
        ops=REPLACED,
        changes={"expirationMinutes", "expiresAt"},
        asked=GONE,
        sent=GONE + _again("lowered-after-expiry", 30),
        noted=ANEW,
    ),
    "moment-untouched": Row(30, _until(60), _until(60)),
    "moment-later": Row(
        30,
        _until(60),
        _until(100),
        ops=["update"],
        changes={"expiresAt"},
        sent=_extend(40),
        said="29 minutes left: extends by 40 minutes, until about",
    ),
    "moment-earlier": Row(
        30,
        _until(60),
        _until(40),
        ops=["update"],
        changes={"expiresAt"},
        said="cannot be shortened: lives on until",
    ),
    "moment-passed": Row(61, _until(60), _until(60)),
    "moment-passed-then-later": Row(
        61,
        _until(60),
        _until(160),
        ops=REPLACED,
        changes={"expiresAt"},
        asked=GONE,
        sent=[*GONE, ("POST", "", {"userId": "moment-passed-then-later", "expirationMinutes": 99}), *_again("")[1:]],
        noted=ANEW,
    ),
    "moment-to-lifetime": Row(
        30,
        _until(60),
        _lives(expiration_minutes=90),
        ops=["update"],
        changes={"expirationMinutes"},
        said="nothing is sent",
    ),
    "moment-to-renewed-lifetime": Row(
        50,
        _until(60),
        _lives(expiration_minutes=90, renew_before_minutes=15),
        ops=["update"],
        changes={"expirationMinutes", "expiresAt", "renewBeforeMinutes"},
        sent=_extend(81),
        said="9 minutes left: extends by 81 minutes, until about",
    ),
    "lifetime-to-moment": Row(
        30,
        _lives(),
        _until(95),
        ops=["update"],
        changes={"expirationMinutes", "expiresAt"},
        sent=_extend(35),
        said="29 minutes left: extends by 35 minutes, until about",
    ),
    "settings-of-renewal": Row(
        30,
        _lives(renew_before_minutes=5),
        _lives(renew_before_minutes=10, on_expired="ignore"),
        ops=["update"],
        changes={"renewBeforeMinutes", "onExpired"},
        said="nothing is sent",
    ),
}


def _declare(side: str, at: Callable[[Row], At]) -> None:
    for name, row in ROWS.items():
        declared = row.before if side == "before" or row.after is None else row.after
        Session(name, **{"user_id": name, **declared(at(row))})


@dataclass(frozen=True)
class Aged:
    """What the shared stack showed once its sessions had aged."""

    ids: dict[str, str]
    old: dict[str, dict[str, Any]]
    preview: Run
    asked: list[dict[str, Any]]
    up: Run
    sent: list[dict[str, Any]]
    state: dict[str, dict[str, Any]]
    stored: dict[str, dict[str, Any]]
    second: Run
    second_asked: list[dict[str, Any]]


@pytest.fixture(scope="module")
def aged(new_stack: NewStack, emulator: Emulator) -> Aged:
    start = datetime.now(timezone.utc)

    def young(_: Row) -> At:
        return lambda minutes: instants.render(start + timedelta(minutes=minutes))

    def old(row: Row) -> At:
        return lambda minutes: instants.render(start + timedelta(minutes=minutes - row.age))

    stack = new_stack(lambda: _declare("before", young))
    assert not stack.up().failed
    ids = {name: resource["id"] for name, resource in stack.resources().items()}
    kept_alive = [name for name, row in ROWS.items() if row.kept_alive]
    age(stack, emulator, {name: row.age for name, row in ROWS.items()}, kept_alive=kept_alive)
    before = stack.resources()
    emulator.clear()
    stack.program = lambda: _declare("after", old)
    preview, asked = stack.preview(), emulator.requests(clear=True)
    up, sent = stack.up(), emulator.requests(clear=True)
    stored = {session["id"]: session for session in emulator.sessions(ORGANIZATION)}
    state = stack.resources()
    second, second_asked = stack.preview(), emulator.requests(clear=True)
    assert not stack.destroy().failed
    return Aged(ids, before, preview, asked, up, sent, state, stored, second, second_asked)


def _of(aged: Aged, requests: list[dict[str, Any]], name: str) -> list[tuple[str, str, Any]]:
    def mine(request: dict[str, Any]) -> bool:
        user = (request["body"] or {}).get("userId") or request["query"].get("userId")
        return aged.ids[name] in request["path"] or user in (name, [name])

    return [
        (r["method"], r["path"].removeprefix(PATH).replace(aged.ids[name], "ID"), r["body"])
        for r in requests
        if mine(r)
    ]


@pytest.mark.parametrize("name", ROWS)
def test_the_plan_shows_what_time_asks_for(aged: Aged, name: str) -> None:
    row = ROWS[name]
    for run in (aged.preview, aged.up):
        assert run.ops(name) == row.ops
        step = next(step for step in run.steps if step.name == name)
        assert {path.split(".")[0].split("[")[0] for path in step.changes} == row.changes


@pytest.mark.parametrize("name", ROWS)
def test_the_run_sends_what_the_plan_said(aged: Aged, name: str) -> None:
    row = ROWS[name]
    assert _of(aged, aged.asked, name) == row.asked
    assert _of(aged, aged.sent, name) == row.sent
    for run in (aged.preview, aged.up):
        said = run.said(name)
        assert [text.startswith(f"{name}: {row.said}") for text in said] == ([True] if row.said else [])
        noted = [text for text in run.said() if aged.ids[name] in text]
        assert [text.endswith(row.noted) for text in noted] == ([True] if row.noted else [])


@pytest.mark.parametrize("name", ROWS)
def test_the_session_is_the_same_one_unless_it_was_gone(aged: Aged, name: str) -> None:
    row, resource = ROWS[name], aged.state[name]
    assert (resource["id"] != aged.ids[name]) == (row.ops == REPLACED)
    granted = instants.parse(resource["outputs"]["grantedExpiresAt"])
    if not row.kept_alive:
        assert abs(instants.parse(aged.stored[resource["id"]]["expiresAt"]) - granted) < timedelta(seconds=30)
    if "expiresAt" not in row.changes and row.ops != REPLACED:
        assert resource["inputs"]["expiresAt"] == aged.old[name]["inputs"]["expiresAt"]


def test_the_run_after_has_nothing_to_do(aged: Aged) -> None:
    assert {step.op for step in aged.second.steps} == {"same"}
    assert aged.second_asked == []


def _one(new_stack: NewStack, **declared: Any) -> Stack:  # noqa: ANN401 - any properties
    stack = new_stack(lambda: (Session("desk", **{"user_id": "u", **declared}), None)[1])
    assert not stack.up().failed
    return stack


def test_error_stops_a_run_with_one_line_but_neither_refresh_nor_destroy(
    new_stack: NewStack, emulator: Emulator
) -> None:
    stack = _one(new_stack, on_expired="error")
    session = stack.resources()["desk"]["id"]
    age(stack, emulator, {"desk": 61})
    expiry = stack.resources()["desk"]["inputs"]["expiresAt"]
    line = (
        f"SessionError: session {session} expired at {expiry} and onExpired is error: `pulumi up --replace` with"
        ' its URN starts a new one from the declared messages, on_expired="ignore" leaves it as it is'
    )
    for _ in ("by the clock", "after a refresh that got a 404"):
        for run in (stack.preview(), stack.up()):
            assert run.failed
            assert run.said("desk")[-1] == line
            assert "Traceback" not in run.text
        assert not stack.refresh().failed
        assert stack.resources()["desk"]["outputs"]["expired"] is True
    urn = stack.resources()["desk"]["urn"]
    assert stack.up(replace=[urn]).ops("desk") == REPLACED
    assert stack.preview().ops("desk") == ["same"]
    age(stack, emulator, {"desk": 61})
    assert not stack.destroy().failed


@pytest.mark.parametrize(("policy", "ops"), [("recreate", REPLACED), ("ignore", ["same"])])
def test_a_404_in_refresh_leads_where_the_clock_leads(
    new_stack: NewStack, emulator: Emulator, policy: str, ops: list[str]
) -> None:
    stack = _one(new_stack, on_expired=policy)
    age(stack, emulator, {"desk": 61})
    assert not stack.refresh().failed
    resource = stack.resources()["desk"]
    assert resource["outputs"]["expired"] is True
    emulator.clear()
    assert stack.preview().ops("desk") == ops
    assert emulator.requests() == [], "the 404 of the refresh is believed"
    assert stack.up().ops("desk") == ops
    assert (stack.resources()["desk"]["id"] == resource["id"]) == (policy == "ignore")
    assert stack.preview().ops("desk") == ["same"]
    stack.destroy()
