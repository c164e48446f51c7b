"""Runs that apply no plan say nothing of what a plan would do, whatever is pending."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from quant_sessions_provider import Session
from tests.acceptance.conftest import ORGANIZATION
from tests.support.ageing import age
from tests.support.sentences import NOTHING_LOST

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.acceptance.conftest import NewStack
    from tests.support.emulator_server import Emulator
    from tests.support.engine import Run, Stack

pytestmark = pytest.mark.long

THEIRS = "made-by-others"
IN_AN_HOUR = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()
HELLO = {"role": "user", "content": "Hello"}
PENDING: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    # Declared at first, declared then, and what the plan says.
    "raised": ({}, {"expiration_minutes": 90}, "extends by 30 minutes"),
    "lowered": ({}, {"expiration_minutes": 30}, "cannot be shortened"),
    "edited": ({"metadata": {"v": 1}}, {"metadata": {"v": 2}}, "sends its metadata"),
    "appended": ({}, {"messages": [HELLO]}, "appends 1 message"),
    "replaced": (
        {"messages": [HELLO]},
        {"session_group": "g", "messages": [HELLO]},
        f"{NOTHING_LOST} (1 declared one starts again)",
    ),
    "expired": ({"expiration_minutes": 5}, {"expiration_minutes": 5}, " and is gone; the new one lives until about"),
    "renewed": ({}, {"renew_before_minutes": 59}, "extends by"),
    "half-done": ({"status": "completed"}, {"status": "completed"}, "completes it"),
}
NEW: dict[str, tuple[dict[str, Any], str]] = {
    # Declared then, for the first time, and what the plan says.
    "new": ({}, "lives 60 minutes, until about "),
    "new-until": ({"expires_at": IN_AN_HOUR}, "lives until the declared expiresAt"),
}


def _first() -> None:
    for name, (before, _, _) in PENDING.items():
        Session(name, **{"user_id": name, **before})


def _then() -> None:
    for name, (_, after, _) in PENDING.items():
        Session(name, **{"user_id": name, **after})
    for name, (declared, _) in NEW.items():
        Session(name, **{"user_id": name, **declared})
    Session.get("theirs", THEIRS)


@pytest.fixture(scope="module")
def stack(new_stack: NewStack, emulator: Emulator) -> Stack:
    made = new_stack(_first, QUANTCDN_MAX_RETRIES="0")
    emulator.seed(ORGANIZATION, THEIRS)
    # Completing a session is the only PUT of a creation.
    emulator.fault("status", method="PUT", count=None)
    up = made.up(continue_on_error=True)
    emulator.clear_faults()
    assert up.failed
    assert made.resources().keys() == PENDING.keys()
    age(made, emulator, {"expired": 6, "renewed": 6})
    made.program = _then
    return made


def _urns(stack: Stack, *names: str) -> list[str]:
    return [stack.resources()[name]["urn"] for name in names]


VERBS: dict[str, Callable[[Stack], Run]] = {
    "refresh": lambda stack: stack.refresh(),
    "refresh --run-program": lambda stack: stack.refresh(run_program=True),
    "refresh --target": lambda stack: stack.refresh(target=_urns(stack, "edited", "half-done")),
    "destroy --preview-only": lambda stack: stack.destroy(preview_only=True),
    "destroy --preview-only --run-program": lambda stack: stack.destroy(preview_only=True, run_program=True),
    "destroy --preview-only --refresh": lambda stack: stack.destroy(preview_only=True, refresh=True),
}


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_is_said_where_nothing_of_the_plan_is_going_to_happen(stack: Stack, verb: str) -> None:
    run = VERBS[verb](stack)
    assert not run.failed, run.text
    assert run.messages == []
    assert run.steps


@pytest.mark.parametrize("options", [{}, {"refresh": True}], ids=["preview", "preview --refresh"])
def test_the_plan_says_it_once_for_each_session(stack: Stack, options: dict[str, Any]) -> None:
    run = stack.preview(**options)
    expected = {name: says for name, (_, _, says) in PENDING.items()} | {name: says for name, (_, says) in NEW.items()}
    said = {name: run.said(name) for name in expected}
    assert {name: len(lines) for name, lines in said.items()} == dict.fromkeys(expected, 1)
    assert all(expected[name] in lines[0] for name, lines in said.items())
    assert run.said("theirs") == []
    assert run.ops("theirs")[-1] == "read"


def test_a_target_is_the_only_one_that_says_something(stack: Stack) -> None:
    run = stack.preview(target=_urns(stack, "edited"))
    assert run.messages == [("edited", "edited: sends its metadata")]


def test_an_excluded_session_says_nothing(stack: Stack) -> None:
    run = stack.preview(exclude=_urns(stack, "edited"))
    assert {name for name, _ in run.messages} == (PENDING.keys() | NEW.keys()) - {"edited"}


def test_a_new_session_as_the_only_target_says_so(stack: Stack) -> None:
    run = stack.preview(target=[_urns(stack, "edited")[0].replace("::edited", "::new")])
    assert [name for name, _ in run.messages] == ["new"]


def test_of_a_session_that_is_replaced_by_a_flag_only_the_new_ones_life_is_said(stack: Stack) -> None:
    run = stack.preview(replace=_urns(stack, "edited"))
    assert run.ops("edited") == ["create-replacement", "replace", "delete-replaced"]
    (said,) = run.said("edited")
    assert said.startswith("edited: lives 60 minutes, until about ")
