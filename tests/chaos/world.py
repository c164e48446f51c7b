"""The emulator without sockets, threads and waiting. Its clock is simulated, so a seed determines everything."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import h11

from quant_sessions_provider.emulator.app import create_app
from quant_sessions_provider.emulator.connection import Connection
from quant_sessions_provider.emulator.store import Store

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from starlette.types import Message, Scope

    from quant_sessions_provider.emulator.behaviours import Behaviours
    from quant_sessions_provider.emulator.faults import FaultSetup

TOKEN = "chaos-token"
_START = datetime(2026, 1, 1, tzinfo=timezone.utc)


class Killed(BaseException):
    """The engine and its hosts were killed during a request."""


class Clock:
    """The clock of engine, provider and API. Each reading advances it by a millisecond."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        self.seconds += 0.001
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def now(self) -> datetime:
        return _START + timedelta(seconds=self.monotonic())


class _Store(Store):
    def __init__(self, path: Path, clock: Clock) -> None:
        super().__init__(path)
        self._clock = clock

    def now(self) -> int:
        return int(self._clock.now().timestamp() * 1000)


class _Pipe:
    def __init__(self) -> None:
        self.sent, self.closed = bytearray(), False

    def write(self, data: bytes) -> None:
        self.sent += data

    def close(self) -> None:
        self.closed = True


class _Wire(Connection):
    """A connection that advances the clock instead of waiting."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._pipe = clock, _Pipe()
        super().__init__(self._pipe)

    @property
    def sent(self) -> bytes:
        return bytes(self._pipe.sent)

    @property
    def hung_up(self) -> bool:
        return self._pipe.closed

    async def sleep(self, seconds: float) -> bool:
        self._clock.sleep(seconds)
        return False

    async def drop(self) -> None:
        self.close()


@dataclass
class Kill:
    """Kill the engine during the n-th request from now, before or after its effect."""

    request: int
    after: bool


@dataclass
class World:
    """The API and the network. Adds refused connections and kills to the faults of the emulator."""

    database: Path
    clock: Clock = field(default_factory=Clock)
    refusals: float = 0.0
    """Fraction of connections that are refused."""
    chance: random.Random | None = None
    kill: Kill | None = None
    in_flight: dict[str, Any] | None = None
    """The request during the last kill."""

    def __post_init__(self) -> None:
        self.store = _Store(self.database, self.clock)
        self._gate = create_app(self.store)
        self._loop = asyncio.new_event_loop()

    def close(self) -> None:
        self._loop.close()
        self.store.close()

    @property
    def log(self) -> list[dict[str, Any]]:
        """The API requests so far."""
        return list(self._gate._log)  # noqa: SLF001 - what `/_emulator/requests` shows

    def begin(self, chance: random.Random) -> None:
        """Reset the clock and the log for a new seed."""
        self.clock.seconds, self.chance, self.kill = 0.0, chance, None
        self._gate._log.clear()  # noqa: SLF001 - as `DELETE /_emulator/requests`

    def arm(self, setup: FaultSetup, refusals: float) -> None:
        self._gate._switches.faults.replace(setup)  # noqa: SLF001 - as `PUT /_emulator/faults`
        self.refusals = refusals

    def behave(self, behaviours: Behaviours) -> None:
        self._gate._switches.behaviours = behaviours  # noqa: SLF001 - as `PUT /_emulator/behaviours`

    def accepts_connection(self) -> bool:
        """Decide whether a connection is accepted."""
        return not self.chance or self.chance.random() >= self.refusals

    def respond(self, request: bytes) -> tuple[bytes, bool] | None:
        """Return the response and whether the connection stays open, or None if the request is incomplete."""
        parser = h11.Connection(h11.SERVER)
        parser.receive_data(request)
        head, body = parser.next_event(), b""
        while isinstance(event := parser.next_event(), h11.Data):
            body += event.data
        if not isinstance(head, h11.Request) or not isinstance(event, h11.EndOfMessage):
            return None
        return self._respond_or_die(parser, head, body)

    def _respond_or_die(self, parser: h11.Connection, head: h11.Request, body: bytes) -> tuple[bytes, bool]:
        kill = self.kill
        if kill:
            kill.request -= 1
        due = kill is not None and not kill.request
        if due and kill and not kill.after:
            self._die({"method": head.method.decode(), "path": head.target.decode(), "body": None})
        response = self._loop.run_until_complete(self._call(parser, head, body))
        if due:
            self._die(self.log[-1])
        return response

    def _die(self, request: dict[str, Any]) -> None:
        self.kill, self.in_flight = None, request
        raise Killed

    async def _call(self, parser: h11.Connection, head: h11.Request, body: bytes) -> tuple[bytes, bool]:
        wire = _Wire(self.clock)
        arrived: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            return arrived.pop() if arrived else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            for event in _events(message):
                wire.write(parser.send(event) or b"")

        await self._gate(_scope(head, wire), receive, send)
        return wire.sent, not wire.hung_up


def _events(message: Message) -> list[h11.Event]:
    if message["type"] == "http.response.start":
        return [h11.Response(status_code=message["status"], headers=message["headers"])]
    data: list[h11.Event] = [h11.Data(data=message["body"])] if message.get("body") else []
    return data if message.get("more_body") else [*data, h11.EndOfMessage()]


def _scope(head: h11.Request, wire: _Wire) -> Scope:
    path, _, query = head.target.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": head.method.decode(),
        "scheme": "http",
        "path": unquote(path.decode()),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": list(head.headers),
        "state": {"connection": wire},
    }
