from typing import Any

import pytest

from quant_sessions_provider.emulator.faults import Faults, FaultSetup
from tests.emulator.calls import (
    KINDS_OF_A_RATE,
    ORGANISATION,
    create_id,
    extend,
    faults_of,
    get,
    put,
    refused,
    struck,
)
from tests.emulator.wire import SESSIONS, exchange
from tests.support.emulator_server import Emulator

ADA = {"userId": "ada"}


def test_method_and_path(odd: Emulator) -> None:
    session_id = create_id(odd)
    odd.fault(status=501, method="put", path="/extend$", count=None)
    odd.fault(status=502, path=f"^{SESSIONS}/[^/]+$", count=None)
    odd.fault(status=503, method="POST", count=None)
    assert extend(odd, session_id).status_code == 501
    assert put(odd, session_id, {}).status_code == 502
    assert get(odd, session_id).status_code == 502
    assert odd.api("POST", ORGANISATION, json=ADA).status_code == 503
    assert odd.api("GET", ORGANISATION).status_code == 200
    assert struck(odd) == [1, 2, 1]


def test_count_and_order(odd: Emulator) -> None:
    odd.faults([{"kind": "status", "status": 501, "count": 2}, {"kind": "status", "status": 502}])
    odd.fault(status=503)
    assert [odd.api("GET", ORGANISATION).status_code for _ in range(4)] == [501, 501, 502, 502]
    odd.faults([])
    assert odd.api("GET", ORGANISATION).status_code == 200


def test_clearing_removes_faults_rate_and_latency(odd: Emulator) -> None:
    odd.faults([{"kind": "drop"}], latency_ms=60_000, rate=1, seed=1)
    odd.clear_faults()
    assert odd.api("GET", ORGANISATION).status_code == 200
    assert faults_of(odd).json()["latencyMs"] == 0


def test_faults_apply_to_authenticated_api_requests_only(odd: Emulator) -> None:
    odd.fault("drop", count=None)
    for path in ("/", "/docs", "/openapi.json", "/_emulator/clock", "/_emulator/requests", "/nowhere"):
        assert odd.http.get(odd.url + path, timeout=10).status_code in {200, 404}
    refused(odd.api("GET", ORGANISATION, headers={"Authorization": ""}), 401)
    refused(odd.api("GET", ORGANISATION, headers={"Host": "example.com"}), 403)
    refused(odd.api("POST", ORGANISATION, data=b"{", headers={"Content-Type": "application/json"}), 400)
    assert struck(odd) == [0]


def faulted(emulator: Emulator, **setup: Any) -> list[str | None]:  # noqa: ANN401 - those of faults
    emulator.faults(**setup)
    emulator.clear()
    for _ in range(40):
        exchange(emulator, "GET", SESSIONS)
    return [request["fault"] for request in emulator.requests()]


def test_the_same_seed_repeats_the_same_faults(odd: Emulator) -> None:
    chance = {"kind": "drop", "probability": 0.5}
    first = faulted(odd, faults=[chance], seed=7)
    assert 5 < first.count("drop") < 35
    assert faulted(odd, faults=[chance], seed=7) == first
    assert faulted(odd, faults=[chance], seed=8) != first
    chosen = odd.faults([chance])["seed"]
    assert odd.faults([chance])["seed"] != chosen


def test_a_rate_fails_in_every_way(odd: Emulator) -> None:
    odd.faults(rate=1, seed=3)
    for _ in range(60):
        exchange(odd, "GET", SESSIONS)
    log = odd.requests()
    assert {r["fault"] for r in log} == KINDS_OF_A_RATE
    assert {(r["fault"], r["effect"]) for r in log} == {
        (kind, effect) for kind in KINDS_OF_A_RATE for effect in (False, True)
    } - {(kind, False) for kind in ("truncate", "slow", "trailing", "duplicate")}
    assert min(struck(odd)) > 0


@pytest.mark.parametrize("rate", [0.0, 0.2, 1.0])
def test_a_rate_is_met_and_shared_evenly(rate: float) -> None:
    faults = Faults(FaultSetup(rate=rate, seed=11))
    hits = sum(faults.choose("GET", "/") is not None for _ in range(15_000))
    assert hits == pytest.approx(15_000 * rate, rel=0.05)
    for fault in faults.describe()["faults"]:
        assert fault["struck"] == pytest.approx(1000 * rate, rel=0.25)


def test_the_sequence_of_a_fault_does_not_depend_on_others() -> None:
    def strikes(*others: dict[str, Any]) -> list[bool]:
        chance = {"kind": "status", "probability": 0.5, "method": "GET"}
        faults = Faults(FaultSetup.model_validate({"seed": 5, "faults": [chance, *others]}))
        struck = []
        for _ in range(50):
            struck.append(faults.choose("GET", "/") is not None)
            faults.choose("PUT", "/")
        return struck

    assert strikes() == strikes({"kind": "drop", "probability": 0.5, "method": "PUT"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "timeout"},
        {},
        {"kind": "drop", "when": "during"},
        {"kind": "drop", "path": "("},
        {"kind": "drop", "count": 0},
        {"kind": "drop", "probability": 1.1},
        {"kind": "drop", "paht": "/extend$"},
        {"kind": "status", "status": 199},
        {"kind": "status", "status": 600},
        {"kind": "status", "status": "500"},
        {"kind": "status", "retryAfter": -1},
        {"kind": "status", "retryAfter": "1\r\nX: y"},
        {"kind": "status", "headers": {"X": "a\nb"}},
        {"kind": "status", "headers": {"X Y": "a"}},
        {"kind": "status", "headers": {"Content-Length": "3"}},
        {"kind": "status", "template": "apache"},
        {"kind": "status", "template": "nginx", "body": "x"},
        {"kind": "slow", "chunkBytes": 0},
        {"kind": "slow", "pauseMs": -1},
        {"kind": "trailing", "delayMs": -1},
    ],
)
def test_an_invalid_fault_is_rejected_and_changes_nothing(odd: Emulator, wrong: dict[str, Any]) -> None:
    odd.fault(status=503)
    before = faults_of(odd).json()
    refused(faults_of(odd, "POST", wrong), 400)
    refused(faults_of(odd, "PUT", {"faults": [wrong]}), 400)
    assert faults_of(odd).json() == before


@pytest.mark.parametrize("wrong", [{"latencyMs": -1}, {"rate": 2}, {"seed": "x"}, {"fault": []}, {"faults": {}}])
def test_an_invalid_setup_is_rejected(odd: Emulator, wrong: dict[str, Any]) -> None:
    refused(faults_of(odd, "PUT", wrong), 400)
