"""The conversation goes on between runs: what is drift, what is not, and what a deletion leaves behind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from quant_sessions_provider import Message, Session
from tests.acceptance.conftest import ORGANIZATION

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.conftest import NewStack
    from tests.support.emulator_server import Emulator
    from tests.support.engine import Run

SYSTEM: Message = {"role": "system", "content": "Be brief."}
FIRST: Message = {"role": "user", "content": "First"}
SECOND: Message = {"role": "assistant", "content": "Second"}
THIRD: Message = {"role": "user", "content": "Third"}
CHAT = [{"role": "user", "content": "At run time"}, {"role": "assistant", "content": "Answered", "tool": {"a": 1}}]

# What happens to the live messages behind Pulumi's back, and what a refresh takes up (None: no drift).
LIVE: dict[str, tuple[list[Any], list[Any] | None]] = {
    "untouched": ([SYSTEM, FIRST], None),
    "went-on": ([SYSTEM, FIRST, *CHAT], None),
    "between": ([SYSTEM, *CHAT, FIRST], None),
    "unknown-shape": ([SYSTEM, {"type": "tool_result"}], None),
    "reworded": ([SYSTEM, {"role": "user", "content": "Tampered"}], [SYSTEM, {"role": "user", "content": "Tampered"}]),
    "missing": ([FIRST], [FIRST]),
    "swapped": ([FIRST, SYSTEM], [FIRST, SYSTEM]),
    "emptied": ([], []),
}
DECLARED = [SYSTEM, FIRST]


def _program() -> None:
    for name in LIVE:
        Session(name, user_id=name, messages=DECLARED)


@pytest.fixture(scope="module")
def drifted(new_stack: NewStack, emulator: Emulator) -> dict[str, Any]:
    stack = new_stack(_program)
    stack.up()
    ids = {name: resource["id"] for name, resource in stack.resources().items()}
    for name, (live, _) in LIVE.items():
        emulator.tamper(ORGANIZATION, ids[name], live)
    quiet = stack.preview()
    refresh = stack.refresh()
    state = stack.resources()
    emulator.clear()
    preview = stack.preview()
    up = stack.up()
    after = stack.preview()
    stored = {session["id"]: session for session in emulator.sessions(ORGANIZATION)}
    final = {name: stored[resource["id"]]["messages"] for name, resource in stack.resources().items()}
    stack.destroy()
    return locals()


@pytest.mark.parametrize("name", LIVE)
def test_only_a_declared_message_that_is_gone_is_drift(drifted: dict[str, Any], name: str) -> None:
    live, drift = LIVE[name]
    assert drifted["quiet"].ops(name) == ["same"], "a preview without refresh asks for nothing"
    state = drifted["state"][name]
    taken_up = DECLARED if drift is None else drift
    assert state["inputs"].get("messages", []) == state["outputs"].get("messages", []) == taken_up
    assert state["outputs"]["totalMessages"] == len(live)
    assert not drifted["refresh"].failed


@pytest.mark.parametrize("name", LIVE)
def test_the_plan_after_a_refresh_shows_the_drift_and_its_price(drifted: dict[str, Any], name: str) -> None:
    live, drift = LIVE[name]
    runs: list[Run] = [drifted["preview"], drifted["up"]]
    for run in runs:
        if drift is None:
            assert run.ops(name) == ["same"]
        elif drift == []:
            assert run.ops(name) == ["create-replacement", "replace", "delete-replaced"]
        else:
            assert run.ops(name) == ["create-replacement", "replace", "delete-replaced"]
            price = f"session {drifted['ids'][name]}: messages changed; replacing it loses {len(live)} message"
            assert any(text.startswith(price) for text in run.said())
    assert drifted["after"].ops(name) == ["same"]
    assert drifted["final"][name] == (live if drift is None else DECLARED)


def test_an_append_that_took_effect_unseen_is_not_sent_again(new_stack: NewStack, emulator: Emulator) -> None:
    declared: dict[str, Any] = {"messages": [SYSTEM], "metadata": {"v": 1}}

    def program() -> None:
        Session("desk", user_id="appended", **declared)

    stack = new_stack(program)
    stack.up()
    session = stack.resources()["desk"]["id"]
    # What a lost answer or a killed run leaves: the API has them, state has not. The conversation went on.
    emulator.append(ORGANIZATION, session, [FIRST, CHAT[0], SECOND])
    declared |= {"messages": [SYSTEM, FIRST, SECOND], "metadata": {"v": 2}}
    emulator.clear()

    assert stack.up().ops("desk") == ["update"]
    assert [(r["method"], r["body"]) for r in emulator.requests(clear=True)] == [
        ("GET", None),
        ("PUT", {"metadata": {"v": 2}}),
    ]

    declared["messages"] = [SYSTEM, FIRST, SECOND, THIRD]
    stack.up()
    assert [r["body"] for r in emulator.requests() if r["method"] == "PUT"] == [{"newMessages": [THIRD]}]
    (stored,) = [s for s in emulator.sessions(ORGANIZATION) if s["id"] == session]
    assert [message["content"] for message in stored["messages"]] == [
        "Be brief.",
        "First",
        "At run time",
        "Second",
        "Third",
    ]
    stack.destroy()


def test_a_conversation_is_saved_before_its_session_is_deleted(
    new_stack: NewStack, emulator: Emulator, tmp_path: Path
) -> None:
    declared: dict[str, Any] = {"user_id": "before"}

    def program() -> None:
        Session("desk", messages=[SYSTEM], **declared)

    folder = tmp_path / "made" / "if missing"
    stack = new_stack(program)
    stack.config("quant:transcriptDir", str(folder))
    stack.up()
    first = stack.resources()["desk"]["id"]
    emulator.append(ORGANIZATION, first, CHAT)
    declared["user_id"] = "after"
    stack.up()

    (saved,) = folder.iterdir()
    assert saved.name == f"{first}.json"
    assert saved.stat().st_mode & 0o777 == 0o600
    assert json.loads(saved.read_text())["messages"] == [SYSTEM, *CHAT]

    second = stack.resources()["desk"]["id"]
    saved.unlink()
    folder.rmdir()
    folder.write_text("a file where the folder would be")
    destroy = stack.destroy()
    assert destroy.failed
    line = f"session {second} is not deleted: its messages could not be saved in transcriptDir (File exists)"
    assert destroy.refusal("desk") == f"SessionError: {line}"
    assert [session["id"] for session in emulator.sessions(ORGANIZATION) if session["userId"] == "after"] == [second]

    folder.unlink()
    assert not stack.destroy().failed
    assert [file.name for file in folder.iterdir()] == [f"{second}.json"]
