"""Requests and assertions that the emulator's tests share."""

from datetime import datetime
from typing import Any

import requests

from tests.support.emulator_server import Emulator

ORGANISATION = "acme"
KINDS_OF_A_RATE = {"status", "drop", "truncate", "garbage", "slow", "trailing", "duplicate"}


def create(emulator: Emulator, organisation: str = ORGANISATION, **body: object) -> dict[str, Any]:
    answer = emulator.api("POST", organisation, json={"userId": "ada", **body})
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def create_id(emulator: Emulator, organisation: str = ORGANISATION, **body: object) -> str:
    return str(create(emulator, organisation, **body)["sessionId"])


def get(emulator: Emulator, session_id: str, organisation: str = ORGANISATION) -> requests.Response:
    return emulator.api("GET", organisation, f"/{session_id}")


def put(emulator: Emulator, session_id: str, body: object) -> requests.Response:
    return emulator.api("PUT", ORGANISATION, f"/{session_id}", json=body)


def extend(emulator: Emulator, session_id: str, body: object | None = None) -> requests.Response:
    return emulator.api("PUT", ORGANISATION, f"/{session_id}/extend", json=body)


def listed(emulator: Emulator, organisation: str = ORGANISATION, **query: object) -> list[str]:
    answer = emulator.api("GET", organisation, params=query)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()]


def stored(emulator: Emulator, session_id: str) -> dict[str, Any]:
    return next(session for session in emulator.sessions() if session["id"] == session_id)


def faults_of(emulator: Emulator, method: str = "GET", body: object | None = None) -> requests.Response:
    return emulator.http.request(method, f"{emulator.url}/_emulator/faults", json=body, timeout=10)


def struck(emulator: Emulator) -> list[int]:
    return [fault["struck"] for fault in faults_of(emulator).json()["faults"]]


def refused(answer: requests.Response, status: int) -> str:
    """Assert that the response is an error of the API, and return its message."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert body.keys() == {"error", "message"}
    assert body["error"] is True
    assert body["message"]
    return str(body["message"])


def parse_timestamp(text: str) -> datetime:
    assert text.endswith("Z")
    assert len(text) == len("2000-01-23T04:56:07.000Z")
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def minutes_between(start: str, end: str) -> float:
    return (parse_timestamp(end) - parse_timestamp(start)).total_seconds() / 60
