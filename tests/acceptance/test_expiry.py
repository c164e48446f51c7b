"""How sessions of various ages are handled on the real engine. All rows share one stack."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from quant_sessions_provider import Session
from quant_sessions_provider.core import timestamps
from tests.acceptance.conftest import ORGANIZATION
from tests.acceptance.expiry_rows import REPLACED, ROWS
from tests.acceptance.wire import Sent, requests_of
from tests.support.ageing import age
from tests.support.minutes import MINUTE, created, foretold

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.acceptance.conftest import NewStack
    from tests.acceptance.expiry_rows import At
    from tests.support.emulator_server import Emulator
    from tests.support.engine import Run

ON_BOTH_HOSTS = True


def _declare(side: str, start: Callable[[str], datetime]) -> None:
    for name, row in ROWS.items():
        declared = row.before if side == "before" or row.after is None else row.after
        Session(name, **{"user_id": name, **declared(_counted_from(start(name)))})


def _counted_from(start: datetime) -> At:
    return lambda minutes: timestamps.render(start + minutes * MINUTE)


def _now(_: str) -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True)
class Aged:
    """Results of the shared stack after its sessions have aged."""

    ids: dict[str, str]
    made: dict[str, datetime]
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
    stack = new_stack(lambda: _declare("before", _now))
    first = stack.up()
    assert not first.failed
    young = stack.resources()
    ids = {name: resource["id"] for name, resource in young.items()}
    made = {name: created(resource["inputs"], first) for name, resource in young.items()}
    kept_alive = [name for name, row in ROWS.items() if row.kept_alive]
    age(stack, emulator, {name: row.age for name, row in ROWS.items()}, kept_alive=kept_alive)
    before = stack.resources()
    emulator.clear()
    stack.program = lambda: _declare("after", lambda name: made[name] - ROWS[name].age * MINUTE)
    preview, asked = stack.preview(), emulator.requests(clear=True)
    up, sent = stack.up(), emulator.requests(clear=True)
    stored = {session["id"]: session for session in emulator.sessions(ORGANIZATION)}
    state = stack.resources()
    second, second_asked = stack.preview(), emulator.requests(clear=True)
    assert not stack.destroy().failed
    return Aged(ids, made, before, preview, asked, up, sent, state, stored, second, second_asked)


def _of(aged: Aged, requests: list[dict[str, Any]], name: str) -> Sent:
    return requests_of(requests, aged.ids[name], name)


@pytest.mark.parametrize("name", ROWS)
def test_the_plan_shows_what_is_due(aged: Aged, name: str) -> None:
    row = ROWS[name]
    for run in (aged.preview, aged.up):
        assert run.ops(name) == row.ops
        step = next(step for step in run.steps if step.name == name)
        assert {path.split(".")[0].split("[")[0] for path in step.changes} == row.changes


@pytest.mark.parametrize("name", ROWS)
def test_the_run_sends_what_the_plan_announced(aged: Aged, name: str) -> None:
    row = ROWS[name]
    assert _of(aged, aged.asked, name) == row.asked
    assert _of(aged, aged.sent, name) in foretold(row.sent, aged.up, aged.made[name])
    for run in (aged.preview, aged.up):
        said, may_say = run.said(name), foretold(row.said, run, aged.made[name])
        whole = [text.startswith(tuple(f"{name}: {one}" for one in may_say)) and row.noted in text for text in said]
        assert whole == ([True] if row.said or row.noted else [])
        assert not [text for text in run.said() if aged.ids[name] in text]


@pytest.mark.parametrize("name", ROWS)
def test_the_session_is_kept_unless_it_is_gone(aged: Aged, name: str) -> None:
    row, resource = ROWS[name], aged.state[name]
    assert (resource["id"] != aged.ids[name]) == (row.ops == REPLACED)
    granted = timestamps.parse(resource["outputs"]["grantedExpiresAt"])
    if not row.kept_alive:
        assert abs(timestamps.parse(aged.stored[resource["id"]]["expiresAt"]) - granted) < timedelta(seconds=30)
    if "expiresAt" not in row.changes and row.ops != REPLACED:
        assert resource["inputs"]["expiresAt"] == aged.old[name]["inputs"]["expiresAt"]


def test_the_next_plan_is_empty(aged: Aged) -> None:
    assert {step.op for step in aged.second.steps} == {"same"}
    assert aged.second_asked == []
