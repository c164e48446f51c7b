"""``GET /_emulator/events``: what changes, while it changes, as lines of JSON.

The first line holds everything, each later one only what is new. ``now`` and ``offset`` are milliseconds; ``sessions``
are without their messages and metadata, ``gone`` are the keys of deleted ones, ``requests`` are without their bodies.
"""

import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from quant_sessions_provider.emulator.connection import get_connection
from quant_sessions_provider.emulator.dependencies import (
    CurrentRequestLog,
    CurrentStore,
    CurrentSwitches,
    bearer,
    error_responses,
)
from quant_sessions_provider.emulator.request_log import LogEntry, RequestLog
from quant_sessions_provider.emulator.store import Store
from quant_sessions_provider.emulator.switches import Switches

_PAUSE_SECONDS = 0.2
_MAX_REQUESTS = 200  # a line holds no more; older ones are in the log
_REQUEST_FIELDS = ("at", "method", "path", "status", "milliseconds", "fault")

router = APIRouter(prefix="/_emulator", tags=["Emulator"], dependencies=[bearer], responses=error_responses({}))


@router.get("/events", response_class=StreamingResponse)
async def follow(
    request: Request, store: CurrentStore, log: CurrentRequestLog, switches: CurrentSwitches
) -> StreamingResponse:
    """Return sessions, requests and armed faults as lines of JSON: first all, then what changes, without an end."""

    async def lines() -> AsyncIterator[str]:
        news = _News(store, log, switches)
        connection = get_connection(request.scope)
        yield news.line()
        while not await connection.sleep(_PAUSE_SECONDS):
            if news.any():
                yield news.line()

    return StreamingResponse(lines(), media_type="application/x-ndjson")


class _News:
    """What one reader has not been told yet."""

    def __init__(self, store: Store, log: RequestLog, switches: Switches) -> None:
        self._store = store
        self._log = log
        self._switches = switches
        self._told_sessions: dict[tuple[str, str], dict[str, Any]] = {}
        self._told: tuple[object, ...] = ()
        self._requests_told = 0

    def any(self) -> bool:
        """Return whether anything has changed since the last line. It costs next to nothing."""
        return self._versions() != self._told

    def line(self) -> str:
        """Return what has changed since the last line."""
        self._told = self._versions()
        event = {
            "now": self._store.now(),
            "offset": self._store.clock_offset(),
            "armed": self._switches.faults.armed(),
            "requests": [_brief(entry) for entry in self._log.since(self._requests_told, _MAX_REQUESTS)],
            **self._changed_sessions(),
        }
        self._requests_told = self._log.total
        return json.dumps(event, separators=(",", ":")) + "\n"

    def _versions(self) -> tuple[object, ...]:
        return self._store.changes(), self._log.total, self._switches.faults.armed()

    def _changed_sessions(self) -> dict[str, Any]:
        current = {(row["organisation"], row["id"]): row for row in self._store.overview()}
        changed = [row for key, row in current.items() if self._told_sessions.get(key) != row]
        gone = [key for key in self._told_sessions if key not in current]
        self._told_sessions = current
        return {"sessions": changed, "gone": gone}


def _brief(entry: LogEntry) -> dict[str, Any]:
    return {name: entry[name] for name in _REQUEST_FIELDS}
