"""``quant-sessions delete`` and ``extend``, and what ``list`` adds of a stack: what recovery needs."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from quant_sessions_provider.cli.app import app
from quant_sessions_provider.core import timestamps
from tests.cli.conftest import ORGANIZATION
from tests.cli.stacks import WrittenStack, secret

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command
    from tests.support.emulator_server import Emulator


@pytest.fixture
def stack(account: Emulator, tmp_path: Path) -> WrittenStack:
    return WrittenStack(tmp_path, account)


def left(account: Emulator) -> set[str]:
    return {session["id"] for session in account.sessions(ORGANIZATION)}


def answer(text: str, *ids: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["delete", *ids], input=text)
    return done.exit_code, done.stdout, done.stderr


def test_delete_asks_and_names_what_is_lost(stack: WrittenStack, account: Emulator) -> None:
    stack.seed("one", 14)
    stack.seed("two", 0)
    code, out, error = answer("y\n", "one", "two", "one", "three")
    assert (code, out.splitlines()) == (
        1,
        [
            "one: deleting it loses 14 messages",
            "two: deleting it loses nothing: it holds no messages",
            f"Delete 2 sessions of organization acme at {account.url}? [y/N]: y",
            "one: deleted",
            "two: deleted",
        ],
    )
    assert error.splitlines() == [
        "three: not found in organization acme: gone, or in another organization",
        "No stack was looked at (--stack): one may declare them.",
    ]
    assert left(account) == set()


@pytest.mark.parametrize("text", ["n\n", "\n", ""], ids=["no", "enter", "no-input"])
def test_only_yes_deletes(stack: WrittenStack, account: Emulator, text: str) -> None:
    stack.seed("one", 1)
    code, out, error = answer(text, "one")
    assert (code, error.splitlines()[-1]) == (1, "Nothing was deleted.")
    assert "one: deleted" not in out
    assert left(account) == {"one"}


def test_ctrl_c_at_the_question_deletes_nothing(
    stack: WrittenStack, account: Emulator, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press(_: int = -1) -> str:
        raise KeyboardInterrupt

    stack.seed("one", 1)
    typed = StringIO()
    monkeypatch.setattr(typed, "readline", press)
    monkeypatch.setattr("sys.stdin", typed)
    result = run("delete", "one")
    assert (result.code, result.error.splitlines()[-1]) == (130, "Nothing was deleted.")
    assert left(account) == {"one"}


def test_what_is_not_found_needs_no_answer_and_is_no_success(stack: WrittenStack, run: Command) -> None:
    stack.write()
    result = run("delete", "one")
    assert (result.code, result.out, result.error) == (
        1,
        "",
        "one: not found in organization acme: gone, or in another organization\n",
    )


def test_an_answer_about_another_session_deletes_nothing(stack: WrittenStack, account: Emulator, run: Command) -> None:
    for name in ("one", "two"):
        stack.seed(name, 2)
    account.fault(method="GET", path="/one", status=200, body={"id": "other", "messages": []}, count=None)
    result = run("delete", "one", "two", "--yes")
    assert (result.code, left(account)) == (1, {"one"})
    assert result.error.startswith("one: not deleted: reading session one: the API returned 200 with ")


def test_nothing_is_deleted_if_the_stack_knows_one_of_them(
    stack: WrittenStack, account: Emulator, run: Command
) -> None:
    known = [stack.declare("desk"), stack.declare("desk", delete=True), stack.declare("theirs", external=True)]
    stack.seed("free")
    result = run("delete", "free", *(one.upper() for one in known), "--yes", "--stack", "dev")
    assert (result.code, result.out) == (1, "")
    assert result.error.splitlines() == [
        "DESK-ID: stack dev declares it as desk: remove it from the program, and `pulumi up` deletes it",
        "DESK-OLD: stack dev had it as desk: the next `pulumi up` deletes it",
        "THEIRS-ID: the program of stack dev reads it as theirs",
        "Nothing was deleted.",
    ]
    assert left(account) == {"free", *known}


def test_an_id_in_the_state_is_refused_whatever_its_type_operation_and_spelling(
    stack: WrittenStack, account: Emulator, run: Command
) -> None:
    own = stack.declare("own", type="pulumi-python:dynamic:Resource")
    stack.pending("reading", id="read")
    stack.pending("importing", importID="acme/ada//im-ported")
    for one in ("read", "im-ported"):
        stack.seed(one)
    result = run("delete", own.upper().replace("-", ""), "read", "im-ported", "--yes", "--stack", "dev")
    assert (result.code, result.out) == (1, "")
    assert result.error.splitlines() == [
        "OWNID: stack dev declares it as own: remove it from the program, and `pulumi up` deletes it",
        "read: stack dev has an unfinished operation on it as reading: run `pulumi refresh` first",
        "im-ported: stack dev has an unfinished operation on it as importing: run `pulumi refresh` first",
        "Nothing was deleted.",
    ]
    assert left(account) == {own, "read", "im-ported"}
    stack.declare("desk")
    assert run("list", "--orphans", "--stack", "dev", "--json").out == "[]\n"


def test_an_id_of_any_type_has_its_name(stack: WrittenStack, run: Command) -> None:
    own = stack.declare("own", type="pulumi-python:dynamic:Resource")
    (listed,) = json.loads(run("list", "--stack", "dev", "--json").out)
    assert listed["name"] == "own"
    assert run("extend", own, "--minutes", "5", "--stack", "dev").error == (
        "Stack dev declares it as own; its state keeps the expiry it has,"
        " and the next run that finds it alive after that extends it.\n"
    )


def test_each_answer_is_said(stack: WrittenStack, account: Emulator, run: Command) -> None:
    for name in ("one", "two"):
        stack.seed(name, 2)
    account.fault(method="DELETE", path="/one", status=400, count=None)
    account.fault(method="GET", path="/two", status=500, count=4)
    result = run("delete", "one", "two", "--yes", "--stack", "dev")
    assert result.code == 1
    first, second, third = result.out.splitlines()
    assert first == "one: deleting it loses 2 messages"
    assert second.startswith("two: deleting it loses an unknown number of messages (reading session two: ")
    assert third == "two: deleted"
    about, failure = result.error.splitlines()
    assert about == "Only stack dev was looked at: another may declare them."
    assert failure.startswith("one: not deleted: deleting session one: the API returned 400")
    assert left(account) == {"one"}


def test_a_token_that_may_not_read_deletes_nothing(stack: WrittenStack, account: Emulator, run: Command) -> None:
    stack.seed("one")
    account.fault(method="GET", status=403)
    result = run("delete", "one", "--yes")
    assert (result.code, result.out) == (1, "")
    assert result.error.startswith("reading session one: the API returned 403")
    assert left(account) == {"one"}


def test_conversations_are_saved_first(
    stack: WrittenStack, run: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("QUANTCDN_TRANSCRIPT_DIR", str(tmp_path / "saved"))
    stack.seed("one", 3)
    assert run("delete", "one", "--yes").code == 0
    saved = json.loads((tmp_path / "saved" / "one.json").read_text())
    assert (len(saved["messages"]), saved["reason"]) == (3, "deleted by hand")
    assert answer("", "one")[0] == 1  # gone by now
    stack.seed("two")
    assert f"after saving in {tmp_path}" in answer("n\n", "two")[1]


@pytest.mark.parametrize("ids", [[""], ["one", " "], ["\udcff"], []], ids=ascii)
def test_an_invalid_id_is_wrong_usage(run: Command, ids: list[str]) -> None:
    result = run("delete", "--yes", *ids)
    assert (result.code, result.out) == (2, "")


def test_extend_says_until_when(stack: WrittenStack, account: Emulator, run: Command) -> None:
    stack.seed("one", expiresAt="2099-01-01T10:00:00Z")
    result = run("extend", "one", "--minutes", "30")
    assert (result.code, result.out, result.error) == (
        0,
        "one: extended by 30 minutes, lives until 2099-01-01 10:30Z\n",
        "",
    )
    bodies = [request["body"] for request in account.requests() if request["method"] == "PUT"]
    assert bodies == [{"additionalMinutes": 30}]


@pytest.mark.parametrize("at", [None, "soon"])
def test_without_an_answered_expiry_the_state_says_about_when(
    stack: WrittenStack, account: Emulator, run: Command, at: str | None
) -> None:
    session_id = stack.declare("desk", expiresAt="2099-01-01T10:00:00Z")
    body: dict[str, Any] = {"sessionId": session_id} | ({"expiresAt": at} if at else {})
    account.fault(method="PUT", status=200, body=body, count=3)
    nothing = run("extend", session_id, "--minutes", "1")
    assert nothing.out == "desk-id: extended by 1 minute; the API did not return until when it lives\n"
    result = run("extend", session_id, "--minutes", "30", "--stack", "dev")
    assert result.out.startswith("desk-id: extended by 30 minutes, lives until about ")
    assert result.error.startswith("Stack dev declares it as desk; its state keeps the expiry it has, ")


def test_a_time_that_is_secret_in_the_state_is_not_shown(stack: WrittenStack, run: Command) -> None:
    session_id = stack.declare("launch", expiresAt=secret("2099-01-01T10:00:00Z"))
    result = run("extend", session_id, "--minutes", "30", "--stack", "dev")
    assert result.out == "launch-id: extended by 30 minutes; its expiry is secret in the state\n"


def test_an_expiry_at_the_end_of_the_calendar_stays(stack: WrittenStack, account: Emulator, run: Command) -> None:
    end = "9999-12-31T18:30:00-05:00"
    session_id = stack.declare("desk", expiresAt=end, grantedExpiresAt=end)
    account.fault(method="PUT", status=200, body={"sessionId": session_id})
    result = run("extend", session_id, "--minutes", "45", "--stack", "dev")
    assert "lives until about 9999-12-31 23:30Z as the state has it" in result.out


def test_extending_what_is_gone_is_one_line(stack: WrittenStack, account: Emulator, run: Command) -> None:
    stack.write()
    account.clear()
    result = run("extend", "one", "--minutes", "30")
    assert (result.code, result.out) == (1, "")
    assert result.error == "extending session one: the API returned 404: Session not found\n"
    assert len(account.requests()) == 1


@pytest.mark.parametrize("minutes", ["0", "1441", "x"])
def test_minutes_are_those_of_a_day(run: Command, minutes: str) -> None:
    assert run("extend", "one", "--minutes", minutes).code == 2


def test_a_list_with_a_stack_adds_names_and_expiries(
    stack: WrittenStack, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.declare("desk", 42)
    stack.declare("launch", expiresAt=secret("2031-05-05T05:05:05Z"))
    stack.seed("other")
    found = {entry["id"]: entry for entry in json.loads(run("list", "--stack", "dev", "--json").out)}
    assert {key: (entry["name"], entry["expires_at"] is not None) for key, entry in found.items()} == {
        "desk-id": ("desk", True),
        "launch-id": ("launch", False),
        "other": (None, False),
    }
    until = timestamps.parse(found["desk-id"]["expires_at"])
    assert timedelta(minutes=40) < until - datetime.now(timezone.utc) <= timedelta(minutes=42)
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    for columns, heads in {"100": 6, "40": 3}.items():
        monkeypatch.setenv("COLUMNS", columns)
        lines = run("list", "--stack", "dev").out.splitlines()
        assert len(lines[0].split()) == heads
        rows = {line.split()[0]: line.split()[1:3] for line in lines[2:]}
        assert rows["launch-id"] == ["launch", "[secret]"]
        assert rows["desk-id"] == ["desk", timestamps.to_minute(until)[11:]]
