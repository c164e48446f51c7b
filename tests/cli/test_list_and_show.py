from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from quant_sessions_provider.cli.app import app
from tests.cli.conftest import ORGANIZATION, created

if TYPE_CHECKING:
    from tests.cli.conftest import Command
    from tests.support.emulator_server import Emulator

JOINED = "می\u200cخواهم क\u094d\u200dष \U0001f468\u200d\U0001f469\u200d\U0001f467"  # noqa: RUF001 - they are letters
"""Persian with a joiner that is none, Hindi and a family with joiners: without these they are other words and faces."""
LONG = "Where is the parcel that I have been waiting for since last Monday?"


def seeded(emulator: Emulator, session_id: str, minute: int, **more: object) -> str:
    created = f"2099-01-01T10:{minute:02}:00Z"
    emulator.seed(
        ORGANIZATION, session_id, createdAt=created, updatedAt=created, expiresAt="2099-01-02T00:00:00Z", **more
    )
    return session_id


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "pipe"])
def test_only_a_terminal_cuts_titles(
    account: Emulator, run: Command, monkeypatch: pytest.MonkeyPatch, *, terminal: bool
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1" if terminal else "0")
    seeded(account, "6488304f-fe7e-41e4-a0c3-dbbf9de9b794", 1, title=LONG, model="small")
    seeded(account, "short", 2, model=None)
    result = run("list")
    assert [line.rstrip() for line in result.out.splitlines()] == [
        "id                                     created             model   title",
        "─" * (100 if terminal else 67 + len(LONG)),
        "short                                  2099-01-01 10:02Z",
        "6488304f-fe7e-41e4-a0c3-dbbf9de9b794   2099-01-01 10:01Z   small   "
        + ("Where is the parcel that I have …" if terminal else LONG),
    ]
    assert (result.code, result.error) == (0, "")


def test_a_list_keeps_ids_whole_in_a_narrow_terminal(
    account: Emulator, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    session_id = seeded(account, "6488304f-fe7e-41e4-a0c3-dbbf9de9b794", 1, title=LONG, model="claude-sonnet-4-5")
    for columns, row in {
        "80": f"{session_id}   2099-01-01 10:01Z   claude-so…   Where i…",
        "60": f"{session_id}   2099-01-01 10:01Z   claude-…   Where i…",
        "20": f"{session_id}   2099-01-01 10:01Z   claude-…   Where i…",
    }.items():
        monkeypatch.setenv("COLUMNS", columns)
        assert run("list").out.splitlines()[2].rstrip() == row


def test_list_applies_the_filters(account: Emulator, run: Command) -> None:
    wanted = seeded(account, "wanted", 1, userId="ada", sessionGroup="desk", model="small", title=LONG)
    for number, other in enumerate(({"userId": "bob"}, {"sessionGroup": "shop"}, {"model": "large"})):
        same = {"userId": "ada", "sessionGroup": "desk", "model": "small"}
        seeded(account, f"other-{number}", 2, **(same | other))
    result = run("list", "--user", "ada", "--group", "desk", "--model", "small", "--json")
    created = "2099-01-01T10:01:00.000Z"
    facts = {"id": wanted, "title": LONG, "model": "small", "created_at": created, "updated_at": created}
    assert json.loads(result.out) == [facts]
    assert len(json.loads(run("list", "--json").out)) == 4


def test_list_reads_all_pages_and_says_when_the_limit_cuts(account: Emulator, run: Command) -> None:
    for number in range(103):
        seeded(account, f"session-{number:03}", 1)
    few = run("list", "--limit", "2", "--json")
    assert [entry["id"] for entry in json.loads(few.out)] == ["session-102", "session-101"]
    assert few.error == "More than 2 sessions: raise --limit to see them.\n"
    many = run("list", "--limit", "103", "--json")
    assert len({entry["id"] for entry in json.loads(many.out)}) == 103
    assert many.error == ""
    assert len(json.loads(run("list", "--json").out)) == 50


def test_an_empty_list_is_a_success(account: Emulator, run: Command) -> None:
    assert (run("list").out, run("list", "--json").out) == ("No active session.\n", "[]\n")
    assert len(account.requests()) == 2


def test_show_prints_text_as_it_is_without_control_characters(account: Emulator, run: Command) -> None:
    odd = {"role": "tool", "call": "x\x1b[2J東京"}
    hostile = f"[red]no[/red] :smile: \x1b[2J\x9b2J\n    indented\u202e\n{JOINED}"
    session_id = seeded(account, "one", 5, model="small", messages=[{"role": "user", "content": hostile}, odd])
    result = run("show", session_id)
    assert [line.rstrip() for line in result.out.splitlines()] == [
        "id        one",
        "title",
        "model     small",
        "created   2099-01-01 10:05Z",
        "messages  2",
        "",
        "user",
        "[red]no[/red] :smile:  [2J 2J",
        "    indented",
        JOINED,
        "",
        r'{"role": "tool", "call": "x\u001b[2J東京"}',
    ]
    assert (result.code, result.error) == (0, "")


@pytest.mark.parametrize("command", [("list",), ("show", "one")], ids=["list", "show"])
def test_characters_that_the_terminal_lacks_are_replaced(account: Emulator, command: tuple[str, ...]) -> None:
    seeded(account, "one", 5, title="Grüße", messages=[{"role": "user", "content": "Grüße"}])
    done = CliRunner(charset="ascii").invoke(app, list(command))
    assert (done.exit_code, done.stderr) == (0, "")
    assert "Gr??e" in done.stdout


def test_json_is_complete_and_ascii(account: Emulator, run: Command) -> None:
    messages = [{"role": "user", "content": "ü\x1b[2J " + "long " * 5000}]
    session_id = created(account, initialMessages=messages)
    result = run("show", session_id, "--json")
    assert result.out.isascii()
    assert "\x1b" not in result.out
    assert json.loads(result.out)["messages"] == messages
    assert json.loads(result.out)["id"] == session_id


@pytest.mark.parametrize("session_id", ["", "\udcff"], ids=["empty", "no-unicode"])
def test_an_invalid_id_is_wrong_usage(run: Command, session_id: str) -> None:
    result = run("show", session_id)
    assert (result.code, result.out, "'ID'" in result.error) == (2, "", True)


@pytest.mark.parametrize("flag", [(), ("--json",)], ids=["people", "programs"])
def test_a_session_that_does_not_exist_is_one_line(account: Emulator, run: Command, flag: tuple[str, ...]) -> None:
    result = run("show", "nobody", *flag)
    assert (result.code, result.out) == (1, "")
    assert result.error == "reading session nobody: the API returned 404: Session not found\n"
    assert [request["method"] for request in account.requests()] == ["GET"]


@pytest.mark.parametrize("session_id", ["a\nb", "a\r\n\u2028b", "a\x1b[31m\u202eb"], ids=ascii)
@pytest.mark.usefixtures("account")
def test_an_error_is_one_line_whatever_the_id(run: Command, session_id: str) -> None:
    result = run("show", session_id)
    assert (result.code, result.out, len(result.error.splitlines())) == (1, "", 1)
    assert not [letter for letter in result.error if letter in "\x1b\u202e\u2028"]


@pytest.mark.parametrize("command", [("list",), ("show", "x")], ids=["list", "show"])
def test_a_missing_setting_is_one_line(run: Command, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(*command)
    assert (result.code, result.out, result.error.count("\n")) == (1, "", 1)
    assert result.error.startswith("no API token is configured: set the variable QUANTCDN_API_TOKEN")
    monkeypatch.setenv("QUANTCDN_API_TOKEN", "x")
    assert run(*command).error.startswith("no organization is configured: ")
    monkeypatch.setenv("QUANTCDN_MAX_RETRIES", "many")
    assert run(*command).error == "QUANTCDN_MAX_RETRIES: must be a whole number from 0 to 999\n"


def test_options_beat_the_environment(account: Emulator, run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    session_id = created(account)
    monkeypatch.setenv("QUANTCDN_ORGANIZATION", "other")
    monkeypatch.setenv("QUANTCDN_BASE_URL", "https://192.0.2.1")
    result = run("list", "--json", "--organization", ORGANIZATION, "--base-url", account.url)
    assert [entry["id"] for entry in json.loads(result.out)] == [session_id]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--base-url", "http://api.example"], "must be https"),
        (["--base-url", ""], "must be a URL"),
        (["--organization", ""], "must not be empty"),
        (["--limit", "0"], "1"),
        (["--user", ""], "must not be empty"),
        (["--group", " "], "must not be empty"),
        (["--model", ""], "must not be empty"),
        (["--stack", ""], "must not be empty"),
        (["--user", "\udcff"], "must be valid UTF-8"),
        (["--group", "\udcff"], "must be valid UTF-8"),
        (["--organization", "\udcff"], "must be valid UTF-8"),
    ],
    ids=ascii,
)
def test_a_wrong_option_is_wrong_usage(run: Command, flags: list[str], words: str) -> None:
    result = run("list", *flags)
    assert (result.code, result.out) == (2, "")
    assert flags[0] in result.error
    assert words in result.error
