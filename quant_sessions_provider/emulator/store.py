"""Sessions and the clock, in one SQLite file. Thread-safe."""

import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from quant_sessions_provider.emulator.errors import SessionNotFoundError, StartError
from quant_sessions_provider.emulator.sessions import SessionRow

_SCHEMA_VERSION = 1  # the file's user_version; a file of another version is refused
_MAX_INTEGER = 2**63 - 1  # SQLite's
_SCHEMA = """
BEGIN;
CREATE TABLE IF NOT EXISTS clock (offset INTEGER NOT NULL);
INSERT INTO clock SELECT 0 WHERE NOT EXISTS (SELECT * FROM clock);
CREATE TABLE IF NOT EXISTS sessions (
    sequence INTEGER PRIMARY KEY,
    organisation TEXT NOT NULL, id TEXT NOT NULL, user_id TEXT NOT NULL, session_group TEXT,
    status TEXT NOT NULL, model TEXT, title TEXT, total_tokens INTEGER NOT NULL,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    metadata TEXT NOT NULL, messages TEXT NOT NULL,
    UNIQUE (organisation, id)
);
CREATE INDEX IF NOT EXISTS newest ON sessions (organisation, status, created_at, sequence, expires_at);
CREATE INDEX IF NOT EXISTS newest_of_user
    ON sessions (organisation, user_id, status, created_at, sequence, expires_at);
PRAGMA user_version = 1;
COMMIT;
"""
_SAVE = """
INSERT INTO sessions (organisation, id, user_id, session_group, status, model, title, total_tokens,
                      created_at, updated_at, expires_at, metadata, messages)
VALUES (:organisation, :id, :user_id, :session_group, :status, :model, :title, :total_tokens,
        :created_at, :updated_at, :expires_at, :metadata, :messages)
ON CONFLICT (organisation, id) DO UPDATE SET
    user_id = :user_id, session_group = :session_group, status = :status, model = :model, title = :title,
    total_tokens = :total_tokens, created_at = :created_at, updated_at = :updated_at,
    expires_at = :expires_at, metadata = :metadata, messages = :messages
"""
_OVERVIEW = """
SELECT organisation, id, user_id AS userId, session_group AS sessionGroup, status, title,
       created_at AS createdAt, expires_at AS expiresAt, json_array_length(messages) AS messages
FROM sessions ORDER BY sequence
"""
_FILTERS = {
    "user_id": " AND user_id = ?",
    "session_group": " AND session_group = ?",
    "model": " AND model = ?",
}


class Store:
    """The emulator's data in the file ``path``, which is created if missing, readable by its owner only.

    All threads share one connection and a lock, since SQLite allows one writer at a time. Raises StartError if the file
    cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._connection = _connect(path)
        except (OSError, sqlite3.Error) as error:
            raise StartError(f"cannot use {path} as the database: {_reason(error)}") from error

    def close(self) -> None:
        """Close the file; the store cannot be used afterwards."""
        with self._lock:
            self._connection.close()

    def clock_offset(self) -> int:
        """Return the clock's offset from real time, in milliseconds."""
        with self._lock:
            row = self._connection.execute("SELECT offset FROM clock").fetchone()
        return int(row["offset"])

    def set_clock_offset(self, milliseconds: int) -> None:
        """Set the clock's offset from real time."""
        with self._transaction() as connection:
            connection.execute("UPDATE clock SET offset = ?", (milliseconds,))

    def now(self) -> int:
        """Return the clock's time: milliseconds since 1970."""
        return int(time.time() * 1000) + self.clock_offset()

    def save(self, session: SessionRow) -> None:
        """Store a session, replacing the one of the same organisation and id."""
        with self._transaction() as connection:
            connection.execute(_SAVE, _to_row(session))

    def get(self, organisation: str, session_id: str) -> SessionRow:
        """Return a session, even a completed or expired one; raise SessionNotFoundError if there is none."""
        session = self.find(organisation, session_id)
        if session is None:
            raise SessionNotFoundError
        return session

    def find(self, organisation: str, session_id: str) -> SessionRow | None:
        """Return a session, even a completed or expired one, or None."""
        with self._lock:
            row = self._connection.execute(
                "SELECT * FROM sessions WHERE organisation = ? AND id = ?", (organisation, session_id)
            ).fetchone()
        return row and _from_row(row)

    @contextmanager
    def edit(self, organisation: str, session_id: str) -> Iterator[SessionRow]:
        """Yield a session, and save its changes unless the block raises an error."""
        with self._transaction() as connection:
            session = self.get(organisation, session_id)
            yield session
            connection.execute(_SAVE, _to_row(session))

    def delete(self, organisation: str, session_id: str, *, expired: bool = False) -> bool:
        """Delete a live session, or with ``expired`` any; return whether there was one."""
        with self._transaction() as connection:
            return bool(
                connection.execute(
                    "DELETE FROM sessions WHERE organisation = ? AND id = ? AND (expires_at > ? OR ?)",
                    (organisation, session_id, self.now(), expired),
                ).rowcount
            )

    def clear(self) -> int:
        """Delete all sessions of all organisations; return how many there were."""
        with self._transaction() as connection:
            return connection.execute("DELETE FROM sessions").rowcount

    def list_active(
        self, organisation: str, filters: dict[str, str | None], limit: int, offset: int
    ) -> list[sqlite3.Row]:
        """Return id, title, model and timestamps of active, unexpired sessions, newest first.

        ``filters`` may have user_id, session_group and model.
        """
        given = {name: value for name, value in filters.items() if value is not None}
        query = (
            "SELECT id, title, model, created_at, updated_at FROM sessions"  # noqa: S608 - constants only
            " WHERE organisation = ? AND status = 'active' AND expires_at > ?"
            + "".join(_FILTERS[name] for name in given)
            + " ORDER BY created_at DESC, sequence DESC LIMIT ? OFFSET ?"
        )
        with self._lock:
            values = (organisation, self.now(), *given.values(), limit, min(offset, _MAX_INTEGER))
            return self._connection.execute(query, values).fetchall()

    def list_all(self, organisation: str | None = None) -> list[SessionRow]:
        """Return sessions, including completed and expired ones, oldest first."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT * FROM sessions WHERE organisation = ? OR ? IS NULL ORDER BY sequence",
                (organisation, organisation),
            ).fetchall()
        return [_from_row(row) for row in rows]

    def overview(self) -> list[dict[str, Any]]:
        """Return all sessions in camelCase, without metadata and with the number of messages, oldest first."""
        with self._lock:
            return [dict(row) for row in self._connection.execute(_OVERVIEW)]

    def changes(self) -> int:
        """Return a number that grows with every change to sessions and clock."""
        with self._lock:
            return self._connection.total_changes

    def shift(self, milliseconds: int, session_id: str | None = None) -> int:
        """Shift the timestamps of one session, or of all organisations' sessions; return how many were shifted."""
        with self._transaction() as connection:
            return connection.execute(
                "UPDATE sessions SET created_at = created_at + :by, updated_at = updated_at + :by,"
                " expires_at = expires_at + :by WHERE id = :id OR :id IS NULL",
                {"by": milliseconds, "id": session_id},
            ).rowcount

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        # In these modes a killed process loses nothing; a power cut might.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version not in (0, _SCHEMA_VERSION):
        raise sqlite3.DatabaseError("written by another version of the emulator")
    connection.executescript(_SCHEMA)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _to_row(session: SessionRow) -> dict[str, Any]:
    row = {column.name: getattr(session, column.name) for column in fields(session)}
    return row | {"metadata": json.dumps(session.metadata), "messages": json.dumps(session.messages)}


def _from_row(row: sqlite3.Row) -> SessionRow:
    values = {column.name: row[column.name] for column in fields(SessionRow)}
    values |= {name: json.loads(row[name]) for name in ("metadata", "messages")}
    return SessionRow(**values)
