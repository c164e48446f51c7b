"""A database that fails: the 500 of each operation, as the description words it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.emulator.calls import ORGANISATION, create_id, get, refused
from tests.support.emulator_server import Emulator


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "sessions.db"


@pytest.fixture
def doomed(database: Path) -> Iterator[Emulator]:
    with Emulator(database) as emulator:
        yield emulator


def spoil(database: Path, statement: str) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute(statement)


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        ("GET", "", "Failed to fetch sessions"),
        ("POST", "", "Failed to create session"),
        ("GET", "/x", "Failed to fetch session"),
        ("PUT", "/x", "Failed to update session"),
        ("PUT", "/x/extend", "Failed to extend session"),
        ("DELETE", "/x", "Failed to delete session"),
    ],
)
def test_a_failing_database(doomed: Emulator, database: Path, method: str, path: str, message: str) -> None:
    spoil(database, "DROP TABLE sessions")
    assert refused(doomed.api(method, ORGANISATION, path, json={"userId": "ada"}), 500) == message
    assert doomed.requests()[0]["status"] == 500


def test_an_unexpected_exception_is_json(doomed: Emulator, database: Path) -> None:
    session_id = create_id(doomed)
    spoil(database, "UPDATE sessions SET messages = 'spoilt'")
    refused(get(doomed, session_id), 500)
    spoil(database, "UPDATE sessions SET messages = '[]'")
    assert get(doomed, session_id).status_code == 200
