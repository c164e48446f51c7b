from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.doctor import probe
from quant_sessions_provider.doctor.throwaway import FIRST_MESSAGES
from tests.cli.conftest import ORGANIZATION

if TYPE_CHECKING:
    from tests.cli.conftest import Command, Result
    from tests.support.emulator_server import Emulator

pytestmark = pytest.mark.usefixtures("vendor")

DEFAULTS = {
    "messages": "verbatim",
    "returnedId": "requested",
    "noContent": False,
    "grantOffsetMinutes": 0,
    "unknownFields": "ignore",
    "extendFrom": "expiry",
    "cap": "none",
    "reopen": True,
    "deleteGone": "error",
}


def probed(result: Result) -> dict[str, Any]:
    assert result.code == 0, result
    found: dict[str, Any] = json.loads(result.out)["behaviours"]
    return found


def seen(result: Result, words: str) -> str:
    """Return what was seen for the question with these words."""
    (found,) = [finding["seen"] for finding in json.loads(result.out)["findings"] if words in finding["question"]]
    return str(found)


class Wait(NamedTuple):
    """A wait until half a minute past a session's expiry: when it was created, counted from and begun."""

    created: datetime
    counted_from: datetime
    begun: datetime


@pytest.fixture
def hasty(account: Emulator, monkeypatch: pytest.MonkeyPatch) -> list[Wait]:
    """Waiting takes no time here; the API's clock moves instead."""
    waited: list[Wait] = []

    def sleep(seconds: float) -> None:
        (session,) = account.sessions()
        created, expiry = (timestamps.parse(session[key]) for key in ("createdAt", "expiresAt"))
        waited.append(Wait(created, expiry + timedelta(seconds=30 - seconds), datetime.now(timezone.utc)))
        account.shift(-seconds)

    monkeypatch.setattr(probe, "sleep", sleep)
    return waited


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"messages": "normalized"},
        {"messages": "summary"},
        {"messages": "newestFirst"},
        {"returnedId": "upperCase"},
        {"noContent": True},
        {"extendFrom": "now"},
        {"cap": "refuse"},
        {"cap": "cut"},
        {"reopen": False},
        {"deleteGone": "notFound"},
        {"deleteGone": "ok"},
        {"unknownFields": "reject"},
        {"grantOffsetMinutes": 30},
        {"cap": "cut", "reopen": False, "deleteGone": "ok", "unknownFields": "reject", "grantOffsetMinutes": 20},
    ],
    ids=str,
)
def test_each_behaviour_is_reported_as_the_emulator_takes_it(
    account: Emulator, run: Command, switches: dict[str, Any]
) -> None:
    account.behave(**switches)
    expected = DEFAULTS | switches
    if switches.get("extendFrom") == "now":
        del expected["cap"]  # what counts from now cannot show it
    result = run("doctor", "--probe", "--json")
    assert probed(result) == expected
    assert account.sessions() == []
    account.behave(**probed(result))


@pytest.mark.parametrize("expired", ["notFound", "gone", "lingering"])
def test_wait_finds_out_what_an_expired_session_returns(
    account: Emulator, run: Command, hasty: list[Wait], expired: str
) -> None:
    account.behave(expired=expired)
    result = run("doctor", "--probe", "--wait", "--json")
    assert probed(result) == DEFAULTS | {"expired": expired}
    (wait,) = hasty
    assert wait.created <= wait.counted_from <= wait.begun
    assert [session["status"] for session in account.sessions()] == ["active"] * (expired != "lingering")
    assert result.error.splitlines()[0].startswith("Creates two sessions of 5 minutes at ")
    assert "Waiting " in result.error


def test_people_get_an_announcement_and_then_a_table(
    account: Emulator, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    result = run("doctor", "--probe")
    place = f"{account.url}, organization {ORGANIZATION}"
    assert (
        result.error
        == f"Creates one session of 5 minutes at {place}, tries updates and extensions, and deletes what it created.\n"
    )
    assert result.code == 0
    lines = result.out[result.out.index("question ") :].splitlines()
    assert [re.split("  +", line.strip())[:2] for line in lines if "─" not in line] == [
        ["question", "seen"],
        ["Does a new session get the requested lifetime?", "yes, 5 minutes"],
        ["Does GET show messages as they were sent, including the system message?", "yes"],
        ["Does GET return the id of the creation?", "yes"],
        ["Which fields does GET return besides the messages?", "title and model; undocumented: none"],
        ["Is a new session in the list at once?", "yes"],
        ["Does an update return a body?", "yes"],
        ["Is metadata merged or replaced?", "cannot be seen: no response has it"],
        ["Is an undocumented field ignored or rejected?", "ignored"],
        ["What does an extension count from?", "the expiry"],
        ["Can extensions exceed 24 hours in total?", "yes"],
        ["Is a completed session in the list?", "no"],
        ["Can a completed session be reopened?", "yes"],
        ["What does GET return after a DELETE?", "404"],
        ["What does a second DELETE return?", "500"],
        ["What does GET return after the expiry?", "not asked: add --wait, which takes 5 minutes"],
    ]


@pytest.mark.parametrize(
    ("live", "word"), [({"first": 1, "second": 2}, "merge"), ({"second": 2}, "replace")], ids=["merge", "replace"]
)
def test_undocumented_fields_are_used(account: Emulator, run: Command, live: dict[str, int], word: str) -> None:
    body = {"id": "x", "messages": FIRST_MESSAGES[1:], "metadata": live, "expires_at": "2099-01-01T00:00:00Z"}
    account.fault(method="GET", path="sessions/", status=200, body=body, count=4)
    result = run("doctor", "--probe", "--json")
    assert seen(result, "as they were sent") == "no: the system message is missing"
    assert seen(result, "id of the creation") == "no, another one"
    assert seen(result, "return beside") == "neither title nor model; undocumented: expires_at, metadata"
    assert seen(result, "merged or replaced") == f"{word}d"
    assert probed(result) == DEFAULTS | {"metadata": word, "messages": "withoutSystem", "returnedId": "other"}


CREATED: dict[str, Any] = {"sessionId": "made", "createdAt": "2026-03-02T12:00:00Z"}
ONLY: dict[str, dict[str, Any]] = {
    "GET": {"method": "GET", "path": "sessions/"},
    "PUT": {"method": "PUT", "path": "sessions/[^/]+$"},
    "extend": {"method": "PUT", "path": "/extend$"},
    "POST": {"method": "POST"},
}
ODD: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    ("GET", {}, {"as they were sent": "GET returns no messages", "id of the creation": "GET returns no id"}),
    ("GET", {"messages": [1, {}]}, {"as they were sent": "no: 2 of 3, not as sent"}),
    ("PUT", {"status": "completed"}, {"be reopened": "no, although it returns 200"}),
    ("extend", {}, {"count from": "the response has no expiry", "24 hours": "the response has no expiry"}),
    ("extend", {"expiresAt": "2099-01-01T00:00:00Z"}, {"count from": "neither: "}),
    ("POST", CREATED, {"requested lifetime": "the response has no expiry"}),
]


@pytest.mark.parametrize(("request_", "body", "expected"), ODD, ids=[f"{each[0]}-{each[1]}" for each in ODD])
def test_what_a_response_leaves_out_is_an_answer_too(
    account: Emulator, run: Command, request_: str, body: dict[str, Any], expected: dict[str, str]
) -> None:
    account.seed(ORGANIZATION, "made")
    account.fault(status=200, body=body, count=None, **ONLY[request_])
    result = run("doctor", "--probe", "--json")
    assert {words: seen(result, words).startswith(what) for words, what in expected.items()} == dict.fromkeys(
        expected, True
    )


def test_a_session_that_outlives_its_expiry_is_still_alive(
    account: Emulator, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "sleep", lambda _seconds: None)
    result = run("doctor", "--probe", "--wait", "--json")
    assert seen(result, "after the expiry") == "200, and it is listed: it is still alive"
    assert account.sessions() == []


def test_the_throwaway_session_has_a_clear_name_and_a_documented_lifetime(account: Emulator, run: Command) -> None:
    run("doctor", "--probe", "--json")
    (made,) = [request["body"] for request in account.requests() if request["method"] == "POST"]
    assert made["sessionGroup"] == "quant-sessions-doctor"
    assert made["userId"].startswith("quant-sessions-doctor-")
    assert made["expirationMinutes"] == 5


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_an_interrupted_probe_deletes_its_sessions(
    account: Emulator, run: Command, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def broken(_seconds: float) -> None:
        assert len(account.sessions()) == 1  # the other has been deleted by the questions
        raise error

    monkeypatch.setattr(probe, "sleep", broken)
    if error is KeyboardInterrupt:
        assert run("doctor", "--probe", "--wait").code == 130
    else:
        with pytest.raises(error):
            run("doctor", "--probe", "--wait")
    assert account.sessions() == []


def test_an_error_in_one_question_does_not_stop_the_others(account: Emulator, run: Command) -> None:
    account.fault(method="PUT", path="/extend", status=503, count=None)
    result = run("doctor", "--probe", "--json")
    assert seen(result, "extension count from") == "not known: the API returned 503"
    assert seen(result, "24 hours") == "not known: the API returned 503"
    assert probed(result) == {key: value for key, value in DEFAULTS.items() if key not in ("extendFrom", "cap")}
    assert account.sessions() == []


def test_a_response_that_never_comes_is_an_answer_too(account: Emulator, run: Command) -> None:
    account.fault("drop", method="PUT", path="/extend", count=None)
    result = run("doctor", "--probe", "--json")
    assert seen(result, "extension count from").startswith("not known: extending session ")
    assert account.sessions() == []


def test_a_session_that_cannot_be_deleted_is_named(account: Emulator, run: Command) -> None:
    account.fault(method="DELETE", status=503, count=None)
    result = run("doctor", "--probe", "--json")
    (left,) = account.sessions()
    assert result.code == 1
    assert result.error.splitlines()[-1].startswith(f"session {left['id']} (group quant-sessions-doctor) is left: ")
    assert seen(result, "second DELETE") == "503"


def test_a_session_that_cannot_be_created_is_one_line(account: Emulator, run: Command) -> None:
    account.fault(method="POST", status=500, count=None)
    result = run("doctor", "--probe", "--json")
    assert result.code == 1
    assert "creating the session: the API returned 500" in result.error.splitlines()[-1]
    assert json.loads(result.out)["findings"] == []


def test_no_transcript_is_kept(
    account: Emulator, run: Command, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("transcripts")
    monkeypatch.setenv("QUANTCDN_TRANSCRIPT_DIR", str(folder))
    run("doctor", "--probe", "--json")
    assert list(folder.iterdir()) == []
    assert account.sessions() == []
