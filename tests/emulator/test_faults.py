import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, get_args

import pytest
import requests

from quant_sessions_provider.emulator.background import Kind, When
from tests.emulator.calls import ORGANISATION, create_id, extend, get, put, refused, stored, struck
from tests.emulator.wire import SESSIONS, exchange, received, sent
from tests.support.emulator_server import Emulator

ADA = {"userId": "ada"}
USER = {"role": "user", "content": "Hello"}
KINDS: tuple[Kind, ...] = get_args(Kind)
both = pytest.mark.parametrize("when", get_args(When))


def outcome(emulator: Emulator) -> dict[str, Any]:
    """Return what the log has of the last request."""
    last = emulator.requests()[-1]
    return {name: last[name] for name in ("status", "fault", "effect")}


def eventually(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@both
def test_status(odd: Emulator, when: When) -> None:
    odd.fault("status", when, status=503)
    assert refused(odd.api("POST", ORGANISATION, json=ADA), 503)
    assert outcome(odd) == {"status": 503, "fault": "status", "effect": when == "after"}


@both
def test_drop_closes_without_a_response(odd: Emulator, when: When) -> None:
    odd.fault("drop", when)
    assert exchange(odd, "POST", SESSIONS, ADA).everything == b""
    assert outcome(odd) == {"status": None, "fault": "drop", "effect": when == "after"}


@both
def test_truncate_cuts_the_body_in_half(odd: Emulator, when: When) -> None:
    odd.fault("truncate", when)
    answer = exchange(odd, "POST", SESSIONS, ADA)
    assert answer.status == (201 if when == "after" else 500)
    assert answer.body
    assert len(answer.body) == int(answer.header("Content-Length") or 0) // 2
    with pytest.raises(ValueError, match=r"."):
        json.loads(answer.body)
    assert outcome(odd) == {"status": answer.status, "fault": "truncate", "effect": when == "after"}


@both
def test_garbage_is_a_web_page(odd: Emulator, when: When) -> None:
    odd.fault("garbage", when)
    answer = odd.api("POST", ORGANISATION, json=ADA)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")
    assert outcome(odd) == {"status": 200, "fault": "garbage", "effect": when == "after"}


@both
def test_slow_sends_the_body_in_pieces(odd: Emulator, when: When) -> None:
    odd.fault("slow", when, chunkBytes=10, pauseMs=20)
    answer = exchange(odd, "POST", SESSIONS, ADA)
    assert answer.status == (201 if when == "after" else 500)
    assert len(answer.body) == int(answer.header("Content-Length") or 0)
    assert json.loads(answer.body).keys() == (
        {"sessionId", "status", "expiresAt", "createdAt"} if when == "after" else {"error", "message"}
    )
    pauses = (len(answer.body) - 1) // 10
    assert len(answer.arrivals) > pauses // 2
    assert answer.arrivals[-1] - answer.arrivals[0] > 0.018 * (pauses - 1)
    assert outcome(odd) == {"status": answer.status, "fault": "slow", "effect": when == "after"}


@both
@pytest.mark.parametrize("kind", KINDS)
def test_the_operation_takes_effect_or_not(odd: Emulator, kind: Kind, when: When) -> None:
    session_id = create_id(odd)
    before = stored(odd, session_id)
    for method, path, body in [
        ("POST", SESSIONS, ADA),
        ("PUT", f"{SESSIONS}/{session_id}", {"newMessages": [USER]}),
        ("PUT", f"{SESSIONS}/{session_id}/extend", {}),
    ]:
        odd.fault(kind, when, pauseMs=0)
        exchange(odd, method, path, body)
    after, carried_out = stored(odd, session_id), when == "after"
    assert [r["effect"] for r in odd.requests()[1:]] == [carried_out] * 3
    assert (len(odd.sessions()) - odd.sessions().index(after)) == 1 + carried_out
    assert after["messages"] == [USER] * carried_out
    assert (after["expiresAt"] != before["expiresAt"]) == carried_out
    odd.fault(kind, when, pauseMs=0)
    exchange(odd, "DELETE", f"{SESSIONS}/{session_id}")
    assert get(odd, session_id).status_code == (404 if carried_out else 200)


def test_a_rejected_request_has_no_effect(odd: Emulator) -> None:
    odd.fault("garbage", "after", count=2)
    odd.api("POST", ORGANISATION, json={})
    assert outcome(odd) == {"status": 200, "fault": "garbage", "effect": False}
    extend(odd, "nobody")
    assert outcome(odd) == {"status": 200, "fault": "garbage", "effect": False}


def test_a_kept_connection_is_dropped_and_the_next_one_works(odd: Emulator) -> None:
    create_id(odd)
    odd.fault("drop")
    with pytest.raises(requests.ConnectionError):
        odd.api("GET", ORGANISATION)
    assert odd.api("GET", ORGANISATION).status_code == 200


@pytest.mark.parametrize(
    ("more", "kind", "text"),
    [
        ({"body": {"message": {"msg": "m"}}}, "application/json", '{"message":{"msg":"m"}}'),
        ({"body": [1, None]}, "application/json", "[1,null]"),
        ({"body": "plain"}, "text/plain; charset=utf-8", "plain"),
        ({"body": ""}, "text/plain; charset=utf-8", ""),
        ({"body": "{", "headers": {"Content-Type": "application/json"}}, "application/json", "{"),
    ],
)
def test_the_body_of_a_status(odd: Emulator, more: dict[str, Any], kind: str, text: str) -> None:
    odd.fault(status=502, **more)
    answer = odd.api("GET", ORGANISATION)
    assert (answer.status_code, answer.headers["content-type"], answer.text) == (502, kind, text)


@pytest.mark.parametrize(
    ("template", "kind", "text"),
    [
        ("nginx", "text/html; charset=utf-8", "<center><h1>404 Not Found</h1></center>"),
        ("defaultBackend", "text/plain; charset=utf-8", "default backend - 404"),
        ("routeNotFound", "application/json", '{"error":"route could not be found"}'),
    ],
)
def test_a_404_of_a_gateway_has_no_effect(odd: Emulator, template: str, kind: str, text: str) -> None:
    session_id = create_id(odd)
    for method in ("GET", "PUT", "DELETE"):
        odd.fault(status=404, template=template)
        answer = odd.api(method, ORGANISATION, f"/{session_id}", json={"newMessages": [USER]})
        assert (answer.status_code, answer.headers["content-type"]) == (404, kind)
        assert text in answer.text
        assert outcome(odd) == {"status": 404, "fault": "status", "effect": False}
    assert get(odd, session_id).json()["messages"] == []


@pytest.mark.parametrize(
    ("status", "title"),
    [(401, "401 Unauthorized"), (403, "403 Forbidden"), (502, "502 Bad Gateway"), (520, "520")],
)
def test_a_web_page_of_a_gateway(odd: Emulator, status: int, title: str) -> None:
    odd.fault(status=status, template="nginx", headers={"Server": "nginx"})
    answer = odd.api("GET", ORGANISATION)
    assert (answer.status_code, answer.headers["server"]) == (status, "nginx")
    assert f"<title>{title}</title>" in answer.text


@both
@pytest.mark.parametrize(
    ("more", "body"),
    [
        ({}, {"error": True, "message": "A fault of the emulator"}),
        ({"template": "unsuccessful"}, {"success": False, "message": "A fault of the emulator"}),
        ({"template": "empty"}, {}),
    ],
)
def test_an_error_with_status_200(odd: Emulator, when: When, more: dict[str, Any], body: dict[str, Any]) -> None:
    session_id = create_id(odd)
    odd.fault("status", when, status=200, **more)
    answer = put(odd, session_id, {"newMessages": [USER]})
    assert (answer.status_code, answer.json()) == (200, body)
    assert outcome(odd) == {"status": 200, "fault": "status", "effect": when == "after"}
    assert stored(odd, session_id)["messages"] == [USER] * (when == "after")


@pytest.mark.parametrize("status", [200, 204, 304, 599])
def test_the_connection_can_be_reused_after_any_status(odd: Emulator, status: int) -> None:
    odd.fault(status=status, body="x")
    answer = odd.api("GET", ORGANISATION)
    assert (answer.status_code, answer.text) == (status, "" if status in {204, 304} else "x")
    assert odd.api("GET", ORGANISATION).json() == []


@pytest.mark.parametrize("after", [0, 7, 1.0, "Tue, 24 Nov 2026 23:28:56 GMT"])
def test_retry_after(odd: Emulator, after: float | str) -> None:
    odd.fault(status=429, retryAfter=after)
    text = after if isinstance(after, str) else str(int(after))
    assert odd.api("GET", ORGANISATION).headers["retry-after"] == text


def test_a_redirect(odd: Emulator) -> None:
    odd.fault(status=307, headers={"Location": "http://127.0.0.1:1/"})
    answer = odd.api("GET", ORGANISATION, allow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "http://127.0.0.1:1/")


def test_latency(odd: Emulator) -> None:
    odd.faults(latency_ms=150)
    start = time.monotonic()
    create_id(odd)
    assert time.monotonic() - start >= 0.15
    assert outcome(odd) == {"status": 201, "fault": None, "effect": True}


@pytest.mark.parametrize(("kind", "latency"), [("garbage", 60_000), ("slow", 0)])
def test_a_request_takes_effect_even_if_the_client_disconnects(odd: Emulator, kind: Kind, latency: int) -> None:
    fault = {"kind": kind, "when": "after", "pauseMs": 60_000}
    odd.faults([fault], latency_ms=latency)
    with sent(odd, "POST", SESSIONS, ADA):
        eventually(lambda: struck(odd) == [1])
    eventually(lambda: bool(odd.requests()))
    assert outcome(odd)["effect"]


@pytest.mark.parametrize("setup", [{"latency_ms": 60_000}, {"faults": [{"kind": "slow", "pauseMs": 60_000}]}])
def test_shutdown_ends_every_pause(
    setup: dict[str, Any], capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with ExitStack() as pending:
        with Emulator() as emulator:
            emulator.faults(setup.get("faults", [{"kind": "status"}]), latency_ms=setup.get("latency_ms", 0))
            line = pending.enter_context(sent(emulator, "GET", SESSIONS))
            eventually(lambda: struck(emulator) == [1])
        assert json.loads(received(line).body)["error"]
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []
