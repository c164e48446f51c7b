"""``make test-live``, with an emulator in the place of the service: what it refuses, runs, and cleans up."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
import requests

from quant_sessions_provider.core.text import counted
from tests.live.__main__ import ROOT, main
from tests.live.account import Account
from tests.live.edge import Edge
from tests.live.ledger import PREFIX, Ledger
from tests.live.sweep import sweep
from tests.support.emulator_server import Emulator
from tests.support.killing import UNTIL_KILLED, start, wait_in_flight

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ORGANIZATION: Final = "the-real-one"
TEST: Final = "tests/acceptance/test_report.py::test_a_session_that_is_deleted_before_its_replacement_is_a_loss"


@pytest.fixture
def service() -> Iterator[Emulator]:
    with Emulator() as server:
        yield server


@pytest.fixture
def variables(service: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Set the variables of a live run, but not its confirmation."""
    made = {
        "LIVE_TEST_BASE_URL": service.url,
        "LIVE_TEST_ORGANIZATION": ORGANIZATION,
        "LIVE_TEST_TOKEN": service.token,
        "LIVE_TEST_FOLDER": str(tmp_path),
    }
    monkeypatch.delenv("YES", raising=False)
    for name, value in made.items():
        monkeypatch.setenv(name, value)
    return made


def _ledgers(variables: Mapping[str, str]) -> list[Path]:
    return list(Path(variables["LIVE_TEST_FOLDER"]).glob("*.jsonl"))


@pytest.mark.parametrize("missing", ["LIVE_TEST_ORGANIZATION", "LIVE_TEST_TOKEN"])
def test_the_variables_of_the_provider_start_no_live_run(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, missing: str, service: Emulator
) -> None:
    monkeypatch.delenv(missing)
    for name, value in service.variables(ORGANIZATION).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("YES", "1")
    with pytest.raises(SystemExit, match=f"^{missing} is not set: live tests need"):
        main([])
    assert (service.requests(), _ledgers(variables)) == ([], [])


@pytest.mark.usefixtures("variables")
def test_a_live_run_that_nobody_confirms_sends_nothing(service: Emulator) -> None:
    with pytest.raises(SystemExit, match=r"^Nothing was sent\.$"):
        main([])
    assert service.requests() == []


@pytest.mark.long
def test_the_next_run_removes_what_a_killed_run_left_and_then_leaves_nothing(
    service: Emulator, variables: dict[str, str], tmp_path: Path
) -> None:
    service.seed(ORGANIZATION, "of-somebody-else", userId="orders")
    environment = {**os.environ, **variables, "YES": "1", "QUANTCDN_API_TOKEN": "of-somebody-else"}
    command = [sys.executable, "-m", "tests.live", TEST, "--numprocesses", "0"]
    service.fault("slow", "after", method="POST", count=None, **UNTIL_KILLED)
    with start(command, ROOT, environment, tmp_path / "killed.txt"):
        wait_in_flight(service, "POST")
    # All its processes are killed.
    service.clear_faults()
    left = {session["userId"] for session in service.sessions(ORGANIZATION)} - {"orders"}
    (ledger,) = _ledgers(variables)
    assert left
    assert {user.startswith(f"{ledger.stem}-") for user in left} == {True}

    with start(command, ROOT, environment, tmp_path / "next.txt") as run:
        assert run.wait(300) == 0, run.text
    assert f"Deleted {counted(len(left), 'session')} that a run had left." in run.text
    assert "1 passed" in run.text
    assert [session["id"] for session in service.sessions(ORGANIZATION)] == ["of-somebody-else"]
    assert _ledgers(variables) == []
    assert service.token not in run.text


def test_what_a_living_run_has_created_is_left_to_it(service: Emulator, tmp_path: Path) -> None:
    account = Account(service.url, ORGANIZATION, service.token)
    ledger = Ledger.create(tmp_path, account)
    said = f"{ledger.path}: its run goes on, and cleans up at its end"
    assert sweep(tmp_path, account) == (0, [said], [])
    ledger.close()
    assert sweep(tmp_path, account) == (0, [], [])
    assert not ledger.path.exists()


def test_a_live_test_touches_no_session_but_its_own(service: Emulator, tmp_path: Path) -> None:
    service.seed(ORGANIZATION, "theirs", userId="desk", sessionGroup="shop")
    account = Account(service.url, ORGANIZATION, service.token)
    with Edge(account, Ledger.create(tmp_path, account)) as edge:
        made = edge.api("POST", "acme", json={"userId": "desk", "sessionGroup": "shop"}).json()["sessionId"]
        assert edge.api("PUT", "acme", "/theirs", json={"status": "completed"}).status_code == 403
        assert edge.api("DELETE", "acme", "/theirs").status_code == 403
        assert edge.api("GET", "acme").status_code == 403
        assert edge.api("POST", "acme", json={"userId": 7}).status_code == 403
        listed = edge.api("GET", "acme", "?userId=desk&sessionGroup=shop")
        assert [one["id"] for one in listed.json()] == [made]
        assert [(one["id"], one["userId"]) for one in edge.sessions()] == [(made, "desk")]
        assert PREFIX not in listed.text
    assert [session["id"] for session in service.sessions()] == ["theirs"]
    assert [(r["method"], r["path"]) for r in service.requests() if "theirs" in r["path"]] == []


@pytest.fixture
def unanswered(service: Emulator, tmp_path: Path) -> Account:
    """Leave a ledger with a creation that was not answered, as a kill does."""
    account = Account(service.url, ORGANIZATION, service.token)
    ledger = Ledger.create(tmp_path, account)
    ledger.begin(f"{ledger.marker}desk")
    ledger.close()
    return account


def _late(service: Emulator, folder: Path) -> None:
    """Carry out the creation of that ledger."""
    (ledger,) = folder.glob("*.jsonl")
    service.seed(ORGANIZATION, "late", userId=f"{ledger.stem}-desk")


def test_where_the_service_lists_sessions_of_all_none_is_deleted(
    service: Emulator, unanswered: Account, tmp_path: Path
) -> None:
    _late(service, tmp_path)
    service.seed(ORGANIZATION, "theirs", userId="desk")
    service.fault("status", "before", method="GET", path="sessions$", status=200, body=[{"id": "theirs"}], count=None)
    (failure,) = sweep(tmp_path, unanswered).failures
    assert failure.endswith(": the service also lists sessions of other users: none is deleted by its user")
    assert [session["id"] for session in service.sessions(ORGANIZATION)] == ["late", "theirs"]

    service.clear_faults()
    assert sweep(tmp_path, unanswered) == (1, [], [])
    assert [session["id"] for session in service.sessions(ORGANIZATION)] == ["theirs"]


def test_a_creation_that_the_service_carries_out_after_the_kill_is_waited_for(
    service: Emulator, unanswered: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.live.sweep.sleep", lambda _: _late(service, tmp_path))
    assert sweep(tmp_path, unanswered) == (1, [], [])
    assert service.sessions(ORGANIZATION) == []


def test_the_end_waits_for_answers_and_lets_nothing_through_afterwards(service: Emulator, tmp_path: Path) -> None:
    service.fault("slow", "after", method="POST", count=1)
    account = Account(service.url, ORGANIZATION, service.token)
    with ThreadPoolExecutor() as threads, requests.Session() as connection:
        with Edge(account, Ledger.create(tmp_path, account)) as edge:
            address = f"{edge.url}/api/v3/organizations/acme/ai/sessions"
            connection.get(address, params={"userId": "desk"}).raise_for_status()
            creation = threads.submit(edge.api, "POST", "acme", json={"userId": "desk"})
            wait_in_flight(service, "POST")
        assert creation.result().ok
        service.clear()
        with pytest.raises(requests.ConnectionError):
            connection.get(address, params={"userId": "desk"})
    assert (service.sessions(ORGANIZATION), service.requests(), list(tmp_path.iterdir())) == ([], [], [])
