from datetime import datetime, timedelta, timezone

import pytest

from tests.emulator.calls import (
    ORGANISATION,
    create,
    create_id,
    extend,
    get,
    listed,
    minutes_between,
    parse_timestamp,
    put,
    refused,
    stored,
)
from tests.support.emulator_server import Emulator


def test_extend_counts_from_the_current_expiry(emulator: Emulator) -> None:
    created = create(emulator, expirationMinutes=10)
    emulator.advance_clock(300)
    body = extend(emulator, created["sessionId"], {"additionalMinutes": 30}).json()
    assert body.keys() == {"sessionId", "expiresAt", "message"}
    assert body["sessionId"] == created["sessionId"]
    assert body["message"] == "Session extended by 30 minutes"
    assert minutes_between(created["createdAt"], body["expiresAt"]) == 40


@pytest.mark.parametrize("body", [None, {}, {"additional_minutes": 5}])
def test_extend_adds_an_hour_by_default(emulator: Emulator, body: object | None) -> None:
    created = create(emulator)
    expires_at = extend(emulator, created["sessionId"], body).json()["expiresAt"]
    assert minutes_between(created["expiresAt"], expires_at) == 60


@pytest.mark.parametrize("minutes", [1, 1440, 30.0])
def test_extend_takes_its_limits(emulator: Emulator, minutes: float) -> None:
    created = create(emulator)
    expires_at = extend(emulator, created["sessionId"], {"additionalMinutes": minutes}).json()["expiresAt"]
    assert minutes_between(created["expiresAt"], expires_at) == minutes


@pytest.mark.parametrize("minutes", [0, -1, 1441, 1.5, "60", True, None, []])
def test_extend_refuses(emulator: Emulator, minutes: object) -> None:
    created = create(emulator)
    answer = extend(emulator, created["sessionId"], {"additionalMinutes": minutes})
    assert refused(answer, 400).startswith("additionalMinutes: ")
    assert stored(emulator, created["sessionId"])["expiresAt"] == created["expiresAt"]


def test_extensions_have_no_total_limit(emulator: Emulator) -> None:
    created = create(emulator, expirationMinutes=1440)
    for _ in range(3):
        answer = extend(emulator, created["sessionId"], {"additionalMinutes": 1440})
    assert minutes_between(created["createdAt"], answer.json()["expiresAt"]) == 4 * 1440


def test_a_completed_session_can_be_extended_and_deleted(emulator: Emulator) -> None:
    session_id = create_id(emulator)
    put(emulator, session_id, {"status": "completed"})
    assert extend(emulator, session_id).status_code == 200
    assert emulator.api("DELETE", ORGANISATION, f"/{session_id}").status_code == 200


def test_expiry_is_exact(emulator: Emulator) -> None:
    created = create(emulator, expirationMinutes=5)
    emulator.shift(-299.8, created["sessionId"])
    expiry, sent = parse_timestamp(created["expiresAt"]) - timedelta(seconds=299.8), datetime.now(timezone.utc)
    while sent < expiry:
        sent, status = datetime.now(timezone.utc), get(emulator, created["sessionId"]).status_code
        # A request that is on its way when the session expires may arrive on either side of that.
        answered = datetime.now(timezone.utc)
        assert status in {404 if time >= expiry else 200 for time in (sent, answered)}
    refused(get(emulator, created["sessionId"]), 404)


def test_an_expired_session_is_not_found(emulator: Emulator) -> None:
    session_id = create_id(emulator, expirationMinutes=5)
    emulator.advance_clock(301)
    refused(get(emulator, session_id), 404)
    refused(put(emulator, session_id, {"status": "completed"}), 404)
    refused(extend(emulator, session_id), 404)
    refused(emulator.api("DELETE", ORGANISATION, f"/{session_id}"), 500)
    assert session_id not in listed(emulator)
    assert stored(emulator, session_id)["status"] == "active"


def test_a_session_is_deleted_once(emulator: Emulator) -> None:
    session_id = create_id(emulator)
    answer = emulator.api("DELETE", ORGANISATION, f"/{session_id}")
    assert (answer.status_code, answer.json()) == (200, {"message": "Session deleted successfully"})
    refused(get(emulator, session_id), 404)
    assert refused(emulator.api("DELETE", ORGANISATION, f"/{session_id}"), 500) == "Failed to delete session"


def test_the_body_is_validated_before_the_session_is_looked_up(emulator: Emulator) -> None:
    refused(extend(emulator, "nobody", {"additionalMinutes": 0}), 400)
    refused(extend(emulator, "nobody"), 404)
