from typing import Any

import pytest

from tests.emulator.calls import (
    ORGANISATION,
    create,
    create_id,
    extend,
    get,
    listed,
    minutes_between,
    put,
    refused,
    stored,
)
from tests.support.emulator_server import Emulator

USER = {"role": "user", "content": "Hello"}
DEFAULTS = {
    "metadata": "replace",
    "extendFrom": "expiry",
    "cap": "none",
    "reopen": True,
    "expired": "notFound",
    "deleteGone": "error",
    "unknownFields": "ignore",
    "grantOffsetMinutes": 0,
    "messages": "verbatim",
    "messageWindow": 2,
    "returnedId": "requested",
    "noContent": False,
    "maxPageSize": 100,
    "interim": "none",
    "token": "any",
    "forbidden": False,
}


def behaviours(emulator: Emulator) -> dict[str, Any]:
    found: dict[str, Any] = emulator.http.get(f"{emulator.url}/_emulator/behaviours", timeout=10).json()
    return found


def delete(emulator: Emulator, session_id: str) -> int:
    return emulator.api("DELETE", ORGANISATION, f"/{session_id}").status_code


def expired(emulator: Emulator) -> str:
    session_id = create_id(emulator, expirationMinutes=5)
    emulator.shift(-301, session_id)
    return session_id


def test_set_and_reset(odd: Emulator) -> None:
    assert behaviours(odd) == DEFAULTS
    odd.behave(expired="gone", forbidden=True)
    assert behaviours(odd) == DEFAULTS | {"expired": "gone", "forbidden": True}
    odd.behave(metadata="merge")
    assert behaviours(odd) == DEFAULTS | {"metadata": "merge"}
    odd.reset_behaviours()
    assert behaviours(odd) == DEFAULTS


@pytest.mark.parametrize(
    "wrong",
    [
        {"metadata": "drop"},
        {"expires": "gone"},
        {"reopen": "no"},
        {"reopen": None},
        {"grantOffsetMinutes": "5"},
        {"grantOffsetMinutes": 1e9},
        {"token": ""},
        {"messages": "trimmed"},
        {"messageWindow": 0},
        {"returnedId": "none"},
        {"noContent": 204},
        {"maxPageSize": 101},
        {"interim": 103},
    ],
)
def test_an_invalid_behaviour_is_rejected_and_changes_nothing(odd: Emulator, wrong: dict[str, Any]) -> None:
    odd.behave(cap="cut")
    refused(odd.http.put(f"{odd.url}/_emulator/behaviours", json=wrong, timeout=10), 400)
    assert behaviours(odd) == DEFAULTS | {"cap": "cut"}


def test_metadata_merged(odd: Emulator) -> None:
    odd.behave(metadata="merge")
    session_id = create_id(odd, metadata={"a": {"x": 1}, "b": 2})
    put(odd, session_id, {"metadata": {"a": {"y": 3}, "c": 4}})
    assert stored(odd, session_id)["metadata"] == {"a": {"y": 3}, "b": 2, "c": 4}
    put(odd, session_id, {"metadata": {}})
    assert stored(odd, session_id)["metadata"] == {"a": {"y": 3}, "b": 2, "c": 4}


def test_extend_from_now(odd: Emulator) -> None:
    odd.behave(extendFrom="now")
    session_id = create_id(odd, expirationMinutes=60)
    for minutes in (90, 5):
        extended = extend(odd, session_id, {"additionalMinutes": minutes}).json()
        session = stored(odd, session_id)
        assert extended["expiresAt"] == session["expiresAt"]
        assert minutes_between(session["updatedAt"], session["expiresAt"]) == minutes


def test_a_cap_refuses(odd: Emulator) -> None:
    odd.behave(cap="refuse")
    created = create(odd, expirationMinutes=1380)
    assert refused(extend(odd, created["sessionId"], {"additionalMinutes": 61}), 400).startswith("additionalMinutes: ")
    assert stored(odd, created["sessionId"])["expiresAt"] == created["expiresAt"]
    extended = extend(odd, created["sessionId"], {"additionalMinutes": 60}).json()
    assert minutes_between(created["createdAt"], extended["expiresAt"]) == 1440
    refused(extend(odd, created["sessionId"], {"additionalMinutes": 1}), 400)


def test_a_cap_cuts(odd: Emulator) -> None:
    odd.behave(cap="cut")
    created = create(odd, expirationMinutes=1380)
    for _ in range(2):
        answer = extend(odd, created["sessionId"], {"additionalMinutes": 90})
        assert answer.status_code == 200
        assert minutes_between(created["createdAt"], answer.json()["expiresAt"]) == 1440


def test_a_cap_shortens_nothing(odd: Emulator) -> None:
    created = create(odd, expirationMinutes=1440)
    long = extend(odd, created["sessionId"], {"additionalMinutes": 100}).json()["expiresAt"]
    odd.behave(cap="cut")
    assert extend(odd, created["sessionId"]).json()["expiresAt"] == long


def test_a_cap_with_extensions_from_now(odd: Emulator) -> None:
    odd.behave(cap="refuse", extendFrom="now")
    session_id = create_id(odd, expirationMinutes=1440)
    odd.shift(-3600, session_id)
    refused(extend(odd, session_id, {"additionalMinutes": 1440}), 400)
    assert extend(odd, session_id, {"additionalMinutes": 1379}).status_code == 200


def test_a_completed_session_stays_completed(odd: Emulator) -> None:
    odd.behave(reopen=False)
    session_id = create_id(odd)
    assert put(odd, session_id, {"status": "active"}).status_code == 200
    assert put(odd, session_id, {"status": "completed"}).status_code == 200
    before = stored(odd, session_id)
    body = {"status": "active", "newMessages": [USER]}
    assert refused(put(odd, session_id, body), 400).startswith("status: ")
    assert stored(odd, session_id) == before
    assert put(odd, session_id, {"status": "completed", "tokensUsed": 1}).status_code == 200


def test_expired_is_gone(odd: Emulator) -> None:
    odd.behave(expired="gone")
    session_id = expired(odd)
    refused(get(odd, session_id), 410)
    refused(put(odd, session_id, {}), 410)
    refused(extend(odd, session_id), 410)
    assert listed(odd) == []
    assert delete(odd, session_id) == 500
    refused(get(odd, "nobody"), 404)


def test_expired_lingers(odd: Emulator) -> None:
    odd.behave(expired="lingering")
    session_id = expired(odd)
    before = stored(odd, session_id)
    assert get(odd, session_id).json()["id"] == session_id
    refused(put(odd, session_id, {"status": "completed"}), 404)
    refused(extend(odd, session_id), 404)
    assert listed(odd) == []
    assert stored(odd, session_id) == before
    assert delete(odd, session_id) == 200
    refused(get(odd, session_id), 404)


@pytest.mark.parametrize(("choice", "status"), [("error", 500), ("notFound", 404), ("ok", 200)])
def test_deleting_a_missing_session(odd: Emulator, choice: str, status: int) -> None:
    odd.behave(deleteGone=choice)
    session_id = create_id(odd)
    assert delete(odd, session_id) == 200
    assert delete(odd, session_id) == status
    assert delete(odd, expired(odd)) == status


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "", {"userId": "ada", "user_id": "x"}, "user_id"),
        ("POST", "", {"userId": "ada", "initialMessages": [USER, USER | {"name": "x"}]}, "initialMessages[1].name"),
        ("PUT", "/{}", {"tokens": 1}, "tokens"),
        ("PUT", "/{}", {"newMessages": [USER | {"id": 1}]}, "newMessages[0].id"),
        ("PUT", "/{}/extend", {"minutes": 5}, "minutes"),
    ],
)
def test_unknown_fields(odd: Emulator, method: str, path: str, body: dict[str, Any], field: str) -> None:
    session_id = create_id(odd)
    address = path.format(session_id)
    odd.behave(unknownFields="reject")
    before = odd.sessions()
    assert refused(odd.api(method, ORGANISATION, address, json=body), 400) == f"{field}: unknown field"
    assert odd.sessions() == before
    odd.reset_behaviours()
    answer = odd.api(method, ORGANISATION, address, json=body)
    assert answer.status_code in {200, 201}
    assert field.rpartition(".")[2] not in str(odd.sessions()[-1]["messages"])


def test_known_fields_only_are_accepted(odd: Emulator) -> None:
    odd.behave(unknownFields="reject")
    metadata = {"any": {"thing": 1}}
    session_id = create_id(odd, sessionGroup="g", metadata=metadata, expirationMinutes=5, initialMessages=[USER])
    body = {"newMessages": [USER], "tokensUsed": 1, "status": "active", "metadata": {"other": 1}}
    assert put(odd, session_id, body).status_code == 200
    assert extend(odd, session_id, {"additionalMinutes": 5}).status_code == 200
    assert extend(odd, session_id).status_code == 200


@pytest.mark.parametrize("offset", [30, 0.5, -30])
def test_grants_differ_from_what_was_asked(odd: Emulator, offset: float) -> None:
    odd.behave(grantOffsetMinutes=offset)
    created = create(odd)
    assert minutes_between(created["createdAt"], created["expiresAt"]) == 60 + offset
    extended = extend(odd, created["sessionId"], {"additionalMinutes": 40}).json()
    assert minutes_between(created["createdAt"], extended["expiresAt"]) == 100 + 2 * offset
    assert stored(odd, created["sessionId"])["expiresAt"] == extended["expiresAt"]


def test_a_grant_is_never_less_than_a_minute_away(odd: Emulator) -> None:
    odd.behave(grantOffsetMinutes=-500)
    created = create(odd)
    assert minutes_between(created["createdAt"], created["expiresAt"]) == 1
    extend(odd, created["sessionId"])
    session = stored(odd, created["sessionId"])
    assert minutes_between(session["updatedAt"], session["expiresAt"]) == 1


def test_one_token_only(odd: Emulator) -> None:
    odd.behave(token="the-one")
    answer = odd.api("GET", ORGANISATION)
    refused(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"
    assert odd.api("GET", ORGANISATION, headers={"Authorization": "bearer the-one"}).status_code == 200
    refused(odd.api("GET", ORGANISATION, headers={"Authorization": "Bearer the-one2"}), 401)
    assert "the-one" not in str(odd.requests())


def test_forbidden(odd: Emulator) -> None:
    odd.behave(forbidden=True)
    refused(odd.api("GET", ORGANISATION), 403)
    refused(odd.api("POST", ORGANISATION, json={"userId": "ada"}), 403)
    refused(odd.api("GET", ORGANISATION, headers={"Authorization": ""}), 401)
    assert [(r["status"], r["effect"]) for r in odd.requests()] == [(403, False), (403, False), (401, False)]
    assert odd.http.get(f"{odd.url}/docs", timeout=10).status_code == 200
