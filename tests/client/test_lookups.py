"""Lookups over real sockets, outside of any program: settings from variables, all pages, failures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pytest

from quant_sessions_provider import get_session, list_sessions
from quant_sessions_provider.core.errors import ApiError
from tests.support.emulator_server import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = "ada@example.com"
HELLO = {"role": "user", "content": "Hello"}
MANY = 205


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as server:
        for number in range(MANY):
            server.seed("acme", f"s{number}", userId=USER, sessionGroup="even" if number % 2 == 0 else "odd")
        server.seed("acme", "told", userId="bob", messages=[HELLO])
        server.seed("other", "theirs", userId=USER)
        yield server


@pytest.fixture(autouse=True)
def _variables(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in emulator.variables("acme").items():
        monkeypatch.setenv(name, value)
    emulator.clear()


def test_a_session_is_read_with_its_conversation(emulator: Emulator) -> None:
    found = get_session("told")
    assert (found.id, found.messages) == ("told", [HELLO])
    assert found.created_at
    assert [request["method"] for request in emulator.requests()] == ["GET"]


def test_all_pages_are_listed(emulator: Emulator) -> None:
    assert {session.id for session in list_sessions(user_id=USER)} == {f"s{number}" for number in range(MANY)}
    assert [(r["query"]["offset"], r["query"]["limit"]) for r in emulator.requests()] == [
        ("0", "100"),
        ("99", "100"),
        ("198", "100"),
        (str(MANY - 1), "100"),
    ]


def test_a_limit_is_kept_over_pages(emulator: Emulator) -> None:
    assert len(list_sessions(user_id=USER, limit=101)) == 101
    assert [request["query"]["limit"] for request in emulator.requests()] == ["100", "2"]


def test_filters_and_another_organization() -> None:
    assert len(list_sessions(user_id=USER, session_group="odd")) == MANY // 2
    assert list_sessions(model="none such") == []
    assert [session.id for session in list_sessions(organization="other")] == ["theirs"]
    assert get_session("theirs", organization="other").id == "theirs"


def test_a_session_that_is_not_there_is_one_line(emulator: Emulator) -> None:
    with pytest.raises(pulumi.RunError) as refusal:
        get_session("theirs")
    assert str(refusal.value) == (
        f"get_session: session theirs was not found at {emulator.url}:"
        " it has expired, was deleted, or belongs to another organization"
    )


def test_what_is_not_configured_is_one_line(monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> None:
    monkeypatch.delenv("QUANTCDN_API_TOKEN")
    with pytest.raises(pulumi.RunError, match=r"^no API token is configured: set the variable QUANTCDN_API_TOKEN, or"):
        list_sessions()
    monkeypatch.delenv("QUANTCDN_ORGANIZATION")
    with pytest.raises(pulumi.RunError, match=r"^no organization is configured: set the variable QUANTCDN_ORGANIZ"):
        get_session("told")
    assert emulator.requests() == []


def test_a_failure_tells_neither_user_nor_token(emulator: Emulator) -> None:
    emulator.fault(status=403, body={"message": f"{USER} may not, with {Emulator.token}"})
    with pytest.raises(pulumi.RunError) as refusal:
        list_sessions(user_id=USER)
    assert str(refusal.value) == (
        "listing sessions: the API returned 403: *** may not, with ***;"
        " the token from the variable QUANTCDN_API_TOKEN is not allowed to do this."
        " After replacing it run `pulumi up`, or add --run-program to refresh and destroy"
    )


def test_the_whole_error_is_shown_on_request(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUANTCDN_DEBUG", "1")
    emulator.fault(status=403)
    with pytest.raises(ApiError):
        list_sessions()


def test_an_entry_without_an_id_is_no_session(emulator: Emulator) -> None:
    emulator.fault(status=200, body=[{"title": "t"}])
    with pytest.raises(pulumi.RunError, match=r"^list_sessions: an entry of the API's response has no id$"):
        list_sessions()
