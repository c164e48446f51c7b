from uuid import UUID

import pytest

from tests.emulator.calls import ORGANISATION, create, create_id, get, minutes_between, refused, stored
from tests.support.emulator_server import Emulator

SYSTEM = {"role": "system", "content": "Be brief."}
USER = {"role": "user", "content": "Hello"}
ASSISTANT = {"role": "assistant", "content": "Good day"}


def test_returns_the_documented_fields(emulator: Emulator) -> None:
    created = create(emulator)
    assert created.keys() == {"sessionId", "status", "expiresAt", "createdAt"}
    assert created["status"] == "active"
    assert UUID(created["sessionId"]).version == 4


@pytest.mark.parametrize("minutes", [5, 60, 1440, 60.0])
def test_expires_after_the_requested_lifetime(emulator: Emulator, minutes: float) -> None:
    created = create(emulator, expirationMinutes=minutes)
    assert minutes_between(created["createdAt"], created["expiresAt"]) == minutes


def test_expires_after_an_hour_by_default(emulator: Emulator) -> None:
    created = create(emulator)
    assert minutes_between(created["createdAt"], created["expiresAt"]) == 60


def test_stores_everything_it_was_sent(emulator: Emulator) -> None:
    session_id = create_id(
        emulator, sessionGroup="g", metadata={"a": [1, None]}, initialMessages=[SYSTEM, USER, ASSISTANT], other=1
    )
    whole = stored(emulator, session_id)
    assert whole["userId"] == "ada"
    assert whole["sessionGroup"] == "g"
    assert whole["metadata"] == {"a": [1, None]}
    assert whole["messages"] == [SYSTEM, USER, ASSISTANT]
    assert whole["status"] == "active"
    assert whole["totalTokens"] == 0


def test_get_returns_the_documented_fields_only(emulator: Emulator) -> None:
    created = create(emulator, sessionGroup="g", metadata={"a": 1}, initialMessages=[SYSTEM, USER])
    body = get(emulator, created["sessionId"]).json()
    assert body == {
        "id": created["sessionId"],
        "title": "Hello",
        "model": "emulator",
        "messages": [SYSTEM, USER],
        "created_at": created["createdAt"],
    }


def test_title_is_the_start_of_the_first_user_message(emulator: Emulator) -> None:
    session_id = create_id(emulator, initialMessages=[SYSTEM, {"role": "user", "content": "x" * 61}, USER])
    assert get(emulator, session_id).json()["title"] == "x" * 60


def test_title_is_left_out_without_a_user_message(emulator: Emulator) -> None:
    assert "title" not in get(emulator, create_id(emulator, initialMessages=[SYSTEM])).json()


def test_keeps_any_text(emulator: Emulator) -> None:
    content = 'Grüße 👋 \u0000 \u2028 "quoted" \\ \'); DROP TABLE sessions;'
    session_id = create_id(emulator, initialMessages=[{"role": "user", "content": content}])
    assert get(emulator, session_id).json()["messages"][0]["content"] == content


@pytest.mark.parametrize("minutes", [4, 1441, 0, -5, 60.5, "60", True, None, [60], {}, 10**30])
def test_refuses_a_lifetime(emulator: Emulator, minutes: object) -> None:
    answer = emulator.api("POST", ORGANISATION, json={"userId": "ada", "expirationMinutes": minutes})
    assert refused(answer, 400).startswith("expirationMinutes: ")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "userId"),
        ({"user_id": "ada"}, "userId"),
        ({"userId": ""}, "userId"),
        ({"userId": None}, "userId"),
        ({"userId": 7}, "userId"),
        ({"userId": "ada", "sessionGroup": None}, "sessionGroup"),
        ({"userId": "ada", "sessionGroup": 7}, "sessionGroup"),
        ({"userId": "ada", "metadata": None}, "metadata"),
        ({"userId": "ada", "metadata": []}, "metadata"),
        ({"userId": "ada", "metadata": "x"}, "metadata"),
        ({"userId": "ada", "initialMessages": None}, "initialMessages"),
        ({"userId": "ada", "initialMessages": {}}, "initialMessages"),
        ({"userId": "ada", "initialMessages": ["hi"]}, "initialMessages[0]"),
        ({"userId": "ada", "initialMessages": [USER, {"role": "tool", "content": ""}]}, "initialMessages[1].role"),
        ({"userId": "ada", "initialMessages": [{"content": "hi"}]}, "initialMessages[0].role"),
        ({"userId": "ada", "initialMessages": [{"role": "user"}]}, "initialMessages[0].content"),
        ({"userId": "ada", "initialMessages": [{"role": "user", "content": None}]}, "initialMessages[0].content"),
        ({"userId": "ada", "initialMessages": [{"role": "user", "content": 7}]}, "initialMessages[0].content"),
        ([], "body"),
        ("text", "body"),
        (7, "body"),
    ],
)
def test_refuses_a_body_and_names_the_field(emulator: Emulator, body: object, field: str) -> None:
    before = len(emulator.sessions())
    message = refused(emulator.api("POST", ORGANISATION, json=body), 400)
    assert message.partition(": ")[0] == field
    assert len(emulator.sessions()) == before


def test_an_error_never_echoes_a_value(emulator: Emulator) -> None:
    body = {"userId": "ada", "initialMessages": [{"role": "private-words", "content": ["private-words"]}]}
    assert "private-words" not in refused(emulator.api("POST", ORGANISATION, json=body), 400)


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"{'userId': 'ada'}",
        b'{"userId": "ada", "metadata": {"a": NaN}}',
        b'{"userId": "ada", "metadata": {"a": 1e999}}',
        b'{"userId": "\\ud800"}',
        b'{"userId": "\xff"}',
        b"[" * 100_000,
        b'{"userId": "ada", "expirationMinutes": ' + b"9" * 5000 + b"}",
    ],
)
def test_refuses_what_is_not_json(emulator: Emulator, data: bytes) -> None:
    answer = emulator.api("POST", ORGANISATION, data=data, headers={"Content-Type": "application/json"})
    refused(answer, 400)


def test_refuses_a_missing_body(emulator: Emulator) -> None:
    assert refused(emulator.api("POST", ORGANISATION), 400).startswith("body: ")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_refuses_another_content_type(emulator: Emulator, kind: str) -> None:
    answer = emulator.api("POST", ORGANISATION, data=b'{"userId": "ada"}', headers={"Content-Type": kind})
    assert "Content-Type" in refused(answer, 400)
