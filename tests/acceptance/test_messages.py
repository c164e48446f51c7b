"""Conversations continue between runs: messages never drift, and a deletion saves them."""

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
    from tests.support.service import Service

SYSTEM: Message = {"role": "system", "content": "Be brief."}
FIRST: Message = {"role": "user", "content": "First"}
SECOND: Message = {"role": "assistant", "content": "Second"}
THIRD: Message = {"role": "user", "content": "Third"}
CHAT = [{"role": "user", "content": "At run time"}, {"role": "assistant", "content": "Answered", "tool": {"a": 1}}]

# What a GET returns of the declared messages. The API neither edits nor removes any, so no difference is drift.
LIVE: dict[str, list[Any]] = {
    "untouched": [SYSTEM, FIRST],
    "went-on": [SYSTEM, FIRST, *CHAT],
    "between": [SYSTEM, *CHAT, FIRST],
    "unknown-shape": [SYSTEM, {"type": "tool_result"}],
    "trimmed": [SYSTEM, {"role": "user", "content": "Firs"}],
    "hidden": [FIRST],
    "reordered": [FIRST, SYSTEM],
    "windowed": [],
    "summarized": [{"role": "assistant", "content": "What was said so far"}],
}
DECLARED = [SYSTEM, FIRST]


def _program() -> None:
    for name in LIVE:
        Session(name, user_id=name, messages=DECLARED)


@pytest.fixture(scope="module")
def refreshed(new_stack: NewStack, emulator: Emulator) -> dict[str, Any]:
    stack = new_stack(_program)
    stack.up()
    ids = {name: resource["id"] for name, resource in stack.resources().items()}
    for name, live in LIVE.items():
        emulator.tamper(ORGANIZATION, ids[name], live)
    refresh = stack.refresh()
    state = stack.resources()
    emulator.clear()
    preview, up = stack.preview(), stack.up()
    sent = emulator.requests(clear=True)
    stored = {session["id"]: session for session in emulator.sessions(ORGANIZATION)}
    final = {name: stored[resource["id"]]["messages"] for name, resource in stack.resources().items()}
    return locals()


@pytest.mark.parametrize("name", LIVE)
def test_messages_never_drift(refreshed: dict[str, Any], name: str) -> None:
    state = refreshed["state"][name]
    assert state["inputs"]["messages"] == state["outputs"]["messages"] == DECLARED
    assert state["outputs"]["totalMessages"] == len(LIVE[name])
    assert not refreshed["refresh"].failed


@pytest.mark.parametrize("name", LIVE)
def test_a_message_that_get_does_not_return_replaces_nothing(refreshed: dict[str, Any], name: str) -> None:
    runs: list[Run] = [refreshed["preview"], refreshed["up"]]
    assert [run.ops(name) for run in runs] == [["same"], ["same"]]
    assert refreshed["sent"] == []
    assert refreshed["final"][name] == LIVE[name]


@pytest.mark.live
def test_messages_that_are_already_live_are_not_appended_again(new_stack: NewStack, service: Service) -> None:
    declared: dict[str, Any] = {"messages": [SYSTEM], "metadata": {"v": 1}}

    def program() -> None:
        Session("desk", user_id="appended", **declared)

    stack = new_stack(program)
    stack.up()
    session = stack.resources()["desk"]["id"]
    # As after a lost response or a killed run: the API has the messages, state does not. The conversation continued.
    service.append(ORGANIZATION, session, [FIRST, CHAT[0], SECOND])
    declared |= {"messages": [SYSTEM, FIRST, SECOND], "metadata": {"v": 2}}
    service.clear()

    up = stack.up()
    assert up.ops("desk") == ["update"]
    assert "desk: 2 messages are already in the conversation: not sent again" in up.said("desk")
    assert [(r["method"], r["body"]) for r in service.requests(clear=True)] == [
        ("GET", None),
        ("PUT", {"metadata": {"v": 2}}),
    ]

    declared["messages"] = [SYSTEM, FIRST, SECOND, THIRD]
    stack.up()
    assert [r["body"] for r in service.requests() if r["method"] == "PUT"] == [{"newMessages": [THIRD]}]
    (stored,) = [s for s in service.sessions(ORGANIZATION) if s["id"] == session]
    assert [message["content"] for message in stored["messages"]] == [
        "Be brief.",
        "First",
        "At run time",
        "Second",
        "Third",
    ]


def test_a_conversation_is_saved_before_its_session_is_deleted(
    new_stack: NewStack, emulator: Emulator, tmp_path: Path
) -> None:
    declared: dict[str, Any] = {"user_id": "before"}

    def program() -> None:
        Session("desk", messages=[SYSTEM], **declared)

    folder = tmp_path / "made" / "if missing"
    stack = new_stack(program)
    stack.config("quant-sessions:transcriptDir", str(folder))
    stack.up()
    first = stack.resources()["desk"]["id"]
    emulator.append(ORGANIZATION, first, CHAT)
    declared["user_id"] = "after"
    stack.up()

    saved, index = folder / f"{first}.json", folder / "index.jsonl"
    assert {file: file.stat().st_mode & 0o777 for file in folder.iterdir()} == {saved: 0o600, index: 0o600}
    assert json.loads(saved.read_text())["messages"] == [SYSTEM, *CHAT]

    second = stack.resources()["desk"]["id"]
    saved.unlink()
    index.unlink()
    folder.rmdir()
    folder.write_text("a file where the folder would be")
    destroy = stack.destroy()
    assert destroy.failed
    line = f"session {second} is not deleted: its messages could not be saved in transcriptDir (File exists)"
    assert destroy.refusal("desk") == line
    assert [session["id"] for session in emulator.sessions(ORGANIZATION) if session["userId"] == "after"] == [second]

    folder.unlink()
    assert not stack.destroy().failed
    assert {file.name for file in folder.iterdir()} == {f"{second}.json", "index.jsonl"}
