"""Tests of the unchanged program under Pulumi's mocks, without engine, network or account."""

from __future__ import annotations

import asyncio
import runpy
from pathlib import Path
from typing import Any

import pulumi
import pytest

PROGRAM = Path(__file__).with_name("__main__.py")
SYSTEM = {"role": "system", "content": "You are the support desk of a shop."}


class Mocks(pulumi.runtime.Mocks):
    """Answers lookups with the given conversations, by id, and records what the program declares."""

    def __init__(self, conversations: dict[str, list[dict[str, str]]]) -> None:
        self.conversations = conversations
        self.declared: dict[str, dict[str, Any]] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Record the inputs, by state key, and return them as outputs."""
        self.declared[args.name] = args.inputs
        return f"{args.name}-id", args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], None]:
        """Answer a lookup with the API's field names."""
        self.calls.append((args.token, args.args))
        if args.token == "quant-sessions:index:listSessions":
            return {"sessions": [{"id": session_id} for session_id in self.conversations]}, None
        return {"messages": self.conversations[args.args["id"]]}, None


def run(conversations: dict[str, list[dict[str, str]]] | None = None, **config: str) -> Mocks:
    """Run the program with this configuration on top of the defaults."""
    mocks = Mocks(conversations or {})
    settings = {"customer": "ada", "plan": "basic"} | config
    asyncio.set_event_loop(asyncio.new_event_loop())
    pulumi.runtime.set_mocks(mocks)
    pulumi.runtime.set_all_config({f"project:{key}": value for key, value in settings.items()})
    program = pulumi.runtime.test(lambda: runpy.run_path(str(PROGRAM)) and None)  # type: ignore[no-untyped-call]
    program()
    return mocks


def test_without_an_earlier_session_only_the_system_prompt_is_declared() -> None:
    desk = run().declared["desk"]
    assert (desk["userId"], desk["messages"]) == ("ada", [SYSTEM])


def test_questions_of_the_earlier_session_are_copied_and_answers_are_not() -> None:
    question, answer = {"role": "user", "content": "Is it open?"}, {"role": "assistant", "content": "No."}
    mocks = run({"3f2a": [{"role": "system", "content": "Old."}, question, answer]}, earlier="3f2a")
    assert mocks.declared["desk"]["messages"] == [SYSTEM, question]
    assert [call["userId"] for token, call in mocks.calls if token.endswith("listSessions")] == ["ada"]


def test_an_earlier_session_that_is_gone_is_not_requested() -> None:
    mocks = run({"another": []}, earlier="3f2a")
    assert mocks.declared["desk"]["messages"] == [SYSTEM]
    assert [token for token, _ in mocks.calls] == ["quant-sessions:index:listSessions"]


@pytest.mark.parametrize(("plan", "minutes"), [("basic", 60), ("premium", 480)])
def test_the_premium_plan_has_a_longer_lifetime(plan: str, minutes: int) -> None:
    assert run(plan=plan).declared["desk"]["expirationMinutes"] == minutes


def test_an_unknown_plan_is_refused() -> None:
    with pytest.raises(pulumi.RunError, match="plan must be one of basic, premium, not gold"):
        run(plan="gold")
