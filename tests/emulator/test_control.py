from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest

from tests.emulator.calls import (
    ORGANISATION,
    create,
    create_id,
    get,
    listed,
    minutes_between,
    parse_timestamp,
    put,
    refused,
)
from tests.support.emulator_server import Emulator

USER = {"role": "user", "content": "Hello"}
MILLISECOND = timedelta(milliseconds=1)
ODD = [{"parts": [None, 1]}, "text", None]


def clock(emulator: Emulator) -> dict[str, object]:
    answer: dict[str, object] = emulator.http.get(f"{emulator.url}/_emulator/clock", timeout=10).json()
    return answer


def test_the_clock_is_right_until_it_is_moved(emulator: Emulator) -> None:
    before, read = datetime.now(timezone.utc), clock(emulator)
    assert read["offsetSeconds"] == 0
    assert before - MILLISECOND < parse_timestamp(str(read["now"])) <= datetime.now(timezone.utc)


def test_the_clock_can_be_set_and_advanced(emulator: Emulator) -> None:
    start, real = datetime.now(timezone.utc), create(emulator)
    answer = emulator.http.put(f"{emulator.url}/_emulator/clock", json={"offsetSeconds": -90.5}, timeout=10)
    assert answer.json()["offsetSeconds"] == -90.5
    emulator.advance_clock(3690.5)
    assert clock(emulator)["offsetSeconds"] == 3600
    moved = parse_timestamp(create(emulator)["createdAt"]) - parse_timestamp(real["createdAt"]) - timedelta(hours=1)
    assert timedelta() <= moved < datetime.now(timezone.utc) - start + MILLISECOND


@pytest.mark.parametrize("value", ["null", '"60"', "true", "1e12", "-1e12", "1e400", "[]"])
@pytest.mark.parametrize(
    ("method", "path", "field"),
    [("PUT", "clock", "offsetSeconds"), ("POST", "clock/advance", "seconds"), ("POST", "shift", "seconds")],
)
def test_an_invalid_shift_is_rejected(emulator: Emulator, method: str, path: str, field: str, value: str) -> None:
    before = emulator.sessions()
    address = f"{emulator.url}/_emulator/{path}"
    headers = {"Content-Type": "application/json"}
    refused(emulator.http.request(method, address, data=f'{{"{field}": {value}}}', headers=headers, timeout=10), 400)
    assert clock(emulator)["offsetSeconds"] == 0
    assert emulator.sessions() == before


def test_the_clock_stays_within_a_century(emulator: Emulator) -> None:
    emulator.advance_clock(3e9)
    address = f"{emulator.url}/_emulator/clock/advance"
    assert refused(emulator.http.post(address, json={"seconds": 3e9}, timeout=10), 400).startswith("seconds: ")
    assert clock(emulator)["offsetSeconds"] == 3e9


def test_all_sessions_can_be_deleted(emulator: Emulator) -> None:
    create(emulator)
    create(emulator, "globex")
    answer = emulator.http.delete(f"{emulator.url}/_emulator/sessions", timeout=10)
    assert (answer.json(), emulator.sessions()) == ({"count": 2}, [])


def test_shift_ages_all_sessions_or_one(emulator: Emulator) -> None:
    one, other = create(emulator), create(emulator, "globex")
    emulator.shift(-600)
    emulator.shift(-60, one["sessionId"])
    whole = {session["id"]: session for session in emulator.sessions()}
    for created, minutes in ((one, -11), (other, -10)):
        moved = whole[created["sessionId"]]
        assert minutes_between(created["expiresAt"], moved["expiresAt"]) == minutes
        assert minutes_between(created["createdAt"], moved["createdAt"]) == minutes


def test_shift_of_an_unknown_session_is_not_found(emulator: Emulator) -> None:
    address = f"{emulator.url}/_emulator/sessions/nobody/shift"
    refused(emulator.http.post(address, json={"seconds": 1}, timeout=10), 404)


def test_seed_sets_any_field(emulator: Emulator) -> None:
    fields = {
        "userId": "eve",
        "sessionGroup": None,
        "metadata": {"a": 1},
        "status": "completed",
        "model": None,
        "title": "T",
        "messages": ODD,
        "totalTokens": 3,
        "createdAt": "2020-01-01T00:00:00.000Z",
        "updatedAt": "2020-01-01T01:00:00+01:00",
        "expiresAt": "2099-01-01T00:00:00Z",
    }
    whole = emulator.seed(ORGANISATION, "session-1", **fields)
    written = {"updatedAt": "2020-01-01T00:00:00.000Z", "expiresAt": "2099-01-01T00:00:00.000Z"}
    assert whole == fields | written | {"organisation": ORGANISATION, "id": "session-1"}
    assert get(emulator, "session-1").json() == {
        "id": "session-1",
        "title": "T",
        "messages": ODD,
        "created_at": "2020-01-01T00:00:00.000Z",
    }


def test_seed_changes_only_the_given_fields(emulator: Emulator) -> None:
    session_id = create_id(emulator, metadata={"a": 1})
    before = next(s for s in emulator.sessions() if s["id"] == session_id)
    assert emulator.seed(ORGANISATION, session_id, totalTokens=9) == before | {"totalTokens": 9}


@pytest.mark.parametrize("field", ["status", "expiresAt", "messages", "totalTokens", "metadata", "userId"])
def test_seed_refuses(emulator: Emulator, field: str) -> None:
    address = f"{emulator.url}/_emulator/sessions/{ORGANISATION}/seeded"
    assert refused(emulator.http.put(address, json={field: "?" if field != "userId" else 1}, timeout=10), 400)


def test_a_stored_session_is_read_and_deleted_behind_the_api(emulator: Emulator) -> None:
    address = f"{emulator.url}/_emulator/sessions/{ORGANISATION}/old"
    whole = emulator.seed(ORGANISATION, "old", expiresAt="2020-01-01T00:00:00Z", messages=ODD)
    emulator.fault()
    assert emulator.http.get(address, timeout=10).json() == whole
    assert emulator.http.delete(address, timeout=10).json() == {"count": 1}
    emulator.clear_faults()
    refused(emulator.http.get(address, timeout=10), 404)
    refused(emulator.http.delete(address, timeout=10), 404)


def test_messages_behind_the_api(emulator: Emulator) -> None:
    session_id = create_id(emulator)
    emulator.append(ORGANISATION, session_id, [USER, *ODD])
    assert get(emulator, session_id).json()["messages"] == [USER, *ODD]
    emulator.tamper(ORGANISATION, session_id, ODD)
    assert get(emulator, session_id).json()["messages"] == ODD


def test_messages_of_an_unknown_session_are_not_found(emulator: Emulator) -> None:
    address = f"{emulator.url}/_emulator/sessions/{ORGANISATION}/nobody/messages"
    refused(emulator.http.post(address, json={"messages": []}, timeout=10), 404)
    refused(emulator.http.put(address, json={"messages": []}, timeout=10), 404)


def test_control_requests_are_not_logged(emulator: Emulator) -> None:
    emulator.clear()
    emulator.advance_clock(1)
    emulator.sessions()
    assert emulator.requests() == []


def test_concurrent_requests_lose_nothing(emulator: Emulator) -> None:
    session_id = create_id(emulator, "acme")

    def converse(number: int) -> str:
        put(emulator, session_id, {"newMessages": [{"role": "user", "content": str(number)}], "tokensUsed": 1})
        return create_id(emulator, "crowd")

    with ThreadPoolExecutor(32) as pool:
        ids = list(pool.map(converse, range(200)))
    assert len(set(ids)) == 200
    assert set(listed(emulator, "crowd", limit=100) + listed(emulator, "crowd", limit=100, offset=100)) == set(ids)
    contents = {message["content"] for message in get(emulator, session_id).json()["messages"]}
    assert contents == {str(number) for number in range(200)}
    assert put(emulator, session_id, {}).json()["totalTokens"] == 200
