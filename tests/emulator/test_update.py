import pytest

from tests.emulator.calls import create_id, get, put, refused, stored
from tests.support.emulator_server import Emulator

USER = {"role": "user", "content": "Hello"}
ASSISTANT = {"role": "assistant", "content": "Good day"}


def test_returns_the_documented_fields(emulator: Emulator) -> None:
    session_id = create_id(emulator, initialMessages=[USER])
    answer = put(emulator, session_id, {"newMessages": [ASSISTANT], "tokensUsed": 12})
    assert answer.status_code == 200
    body = answer.json()
    assert body == {
        "sessionId": session_id,
        "status": "active",
        "totalMessages": 2,
        "totalTokens": 12,
        "updatedAt": stored(emulator, session_id)["updatedAt"],
    }


def test_messages_are_appended_in_order(emulator: Emulator) -> None:
    session_id = create_id(emulator, initialMessages=[USER])
    put(emulator, session_id, {"newMessages": [ASSISTANT, USER]})
    put(emulator, session_id, {"newMessages": [ASSISTANT]})
    assert get(emulator, session_id).json()["messages"] == [USER, ASSISTANT, USER, ASSISTANT]


def test_tokens_add_up(emulator: Emulator) -> None:
    session_id = create_id(emulator)
    for used in (5, 0, 7.0):
        put(emulator, session_id, {"tokensUsed": used})
    assert put(emulator, session_id, {}).json()["totalTokens"] == 12


def test_tokens_stay_exact_numbers(emulator: Emulator) -> None:
    session_id = create_id(emulator)
    assert put(emulator, session_id, {"tokensUsed": 2**53 - 1}).json()["totalTokens"] == 2**53 - 1
    assert put(emulator, session_id, {"tokensUsed": 1}).json()["totalTokens"] == 2**53 - 1
    assert put(emulator, session_id, {}).json()["totalTokens"] == 2**53 - 1


def test_metadata_is_replaced(emulator: Emulator) -> None:
    session_id = create_id(emulator, metadata={"a": 1, "b": 2})
    put(emulator, session_id, {"metadata": {"b": 3}})
    assert stored(emulator, session_id)["metadata"] == {"b": 3}
    put(emulator, session_id, {"metadata": {}})
    assert stored(emulator, session_id)["metadata"] == {}


def test_missing_fields_stay_unchanged(emulator: Emulator) -> None:
    session_id = create_id(emulator, metadata={"a": 1}, initialMessages=[USER])
    put(emulator, session_id, {"status": "completed"})
    before = stored(emulator, session_id)
    assert put(emulator, session_id, {}).json()["status"] == "completed"
    after = stored(emulator, session_id)
    assert before | {"updatedAt": None} == after | {"updatedAt": None}


def test_completed_can_be_reopened(emulator: Emulator) -> None:
    session_id = create_id(emulator)
    assert put(emulator, session_id, {"status": "completed"}).json()["status"] == "completed"
    assert get(emulator, session_id).status_code == 200
    assert put(emulator, session_id, {"newMessages": [USER]}).status_code == 200
    assert put(emulator, session_id, {"status": "active"}).json()["status"] == "active"


def test_the_first_user_message_gives_the_title_once(emulator: Emulator) -> None:
    session_id = create_id(emulator)
    put(emulator, session_id, {"newMessages": [ASSISTANT, USER]})
    put(emulator, session_id, {"newMessages": [{"role": "user", "content": "Later"}]})
    assert get(emulator, session_id).json()["title"] == "Hello"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"newMessages": None}, "newMessages"),
        ({"newMessages": "hi"}, "newMessages"),
        ({"newMessages": [{"role": "system", "content": "x"}]}, "newMessages[0].role"),
        ({"newMessages": [USER, {"role": "user"}]}, "newMessages[1].content"),
        ({"newMessages": [{"role": None, "content": "x"}]}, "newMessages[0].role"),
        ({"tokensUsed": -1}, "tokensUsed"),
        ({"tokensUsed": 1.5}, "tokensUsed"),
        ({"tokensUsed": "1"}, "tokensUsed"),
        ({"tokensUsed": True}, "tokensUsed"),
        ({"tokensUsed": None}, "tokensUsed"),
        ({"tokensUsed": 2**53}, "tokensUsed"),
        ({"tokensUsed": 1e300}, "tokensUsed"),
        ({"status": "expired"}, "status"),
        ({"status": "Active"}, "status"),
        ({"status": None}, "status"),
        ({"metadata": None}, "metadata"),
        ({"metadata": [1]}, "metadata"),
        ([], "body"),
    ],
)
def test_refuses_a_body_and_changes_nothing(emulator: Emulator, body: object, field: str) -> None:
    session_id = create_id(emulator, initialMessages=[USER])
    before = stored(emulator, session_id)
    assert refused(put(emulator, session_id, body), 400).partition(": ")[0] == field
    assert stored(emulator, session_id) == before


def test_needs_a_body(emulator: Emulator) -> None:
    session_id = create_id(emulator)
    answer = emulator.api("PUT", "acme", f"/{session_id}")
    assert refused(answer, 400).startswith("body: ")


@pytest.mark.parametrize("session_id", ["00000000-0000-4000-8000-000000000000", "session-1769056496430", "a%2Fb"])
def test_an_unknown_session_is_not_found(emulator: Emulator, session_id: str) -> None:
    refused(put(emulator, session_id, {}), 404)
    refused(get(emulator, session_id), 404)
