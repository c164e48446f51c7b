"""``/_emulator/events``: everything once, then what changes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.emulator.calls import ORGANISATION, create_id, put
from tests.support.emulator_server import Emulator

Event = dict[str, Any]


class Reader:
    """One reader of the events."""

    def __init__(self, emulator: Emulator) -> None:
        self._response = emulator.http.get(f"{emulator.url}/_emulator/events", stream=True, timeout=30)
        self._lines = self._response.iter_lines()

    def read(self, wanted: str) -> Event:
        """Return the next event that has something for this key."""
        return next(event for event in map(json.loads, self._lines) if event[wanted])

    def rest(self) -> list[Event]:
        """Return the events until the emulator ends them."""
        return [json.loads(line) for line in self._lines]

    def close(self) -> None:
        self._response.close()


@pytest.fixture
def reader(emulator: Emulator) -> Iterator[Reader]:
    reader = Reader(emulator)
    yield reader
    reader.close()


def test_the_first_event_holds_everything_and_no_text_of_messages(emulator: Emulator) -> None:
    session_id = create_id(
        emulator, sessionGroup="support", metadata={"a": "private"}, initialMessages=[{"role": "user", "content": "x"}]
    )
    emulator.append(ORGANISATION, session_id, [{"role": "user", "content": "private"}])
    reader = Reader(emulator)
    event = reader.read("sessions")
    reader.close()
    mine = next(session for session in event["sessions"] if session["id"] == session_id)
    assert mine["expiresAt"] - mine["createdAt"] == 3_600_000
    told = ("organisation", "userId", "sessionGroup", "status", "title", "messages")
    assert [mine[name] for name in told] == [ORGANISATION, "ada", "support", "active", "x", 2]
    assert [(request["method"], request["status"]) for request in event["requests"]] == [("POST", 201)]
    assert (event["offset"], event["armed"], event["gone"]) == (0, [], [])
    assert "private" not in json.dumps(event)
    assert emulator.token not in json.dumps(event)


def test_later_events_hold_what_changed(emulator: Emulator, reader: Reader) -> None:
    session_id = create_id(emulator)
    create_id(emulator)
    reader.read("requests")
    put(emulator, session_id, {"status": "completed"})
    changed = reader.read("requests")
    assert [(session["id"], session["status"]) for session in changed["sessions"]] == [(session_id, "completed")]
    assert [request["method"] for request in changed["requests"]] == ["PUT"]
    emulator.advance_clock(90)
    assert reader.read("offset")["offset"] == 90_000
    emulator.delete(ORGANISATION, session_id)
    assert reader.read("gone")["gone"] == [[ORGANISATION, session_id]]


def test_armed_faults_are_told_until_they_have_struck(emulator: Emulator, reader: Reader) -> None:
    emulator.fault(status=503, count=2)
    emulator.fault(status=404, count=None)
    assert reader.read("armed")["armed"] == [{"kind": "status", "status": 503, "left": 2}]
    emulator.api("GET", ORGANISATION)
    assert reader.read("armed")["armed"] == [{"kind": "status", "status": 503, "left": 1}]
    emulator.api("GET", ORGANISATION)
    assert reader.read("requests")["armed"] == []
    emulator.clear_faults()


def test_a_cleared_log_goes_on(emulator: Emulator, reader: Reader) -> None:
    create_id(emulator)
    reader.read("requests")
    emulator.clear()
    emulator.api("GET", ORGANISATION, "/x")
    assert [request["path"][-2:] for request in reader.read("requests")["requests"]] == ["/x"]


def test_the_events_end_with_the_emulator() -> None:
    with Emulator() as own:
        reader = Reader(own)
        own.advance_clock(1)
        reader.read("offset")
    assert all(event["requests"] == [] for event in reader.rest())
    reader.close()
