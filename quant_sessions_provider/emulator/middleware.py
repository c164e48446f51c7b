"""The door of the emulator: who may come in, what is written into the request log.

Around the whole application, so that a refused request is refused before anything reads it, and every answer
is in the log before its sender can see it, with the fault that struck it (null: none), whether the operation
was carried out, and the sender's port, one a connection; a dropped connection has no status. Tokens are looked
at here and nowhere kept.
"""

import json
import re
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quant_sessions_provider.emulator.behaviours import Behaviours
from quant_sessions_provider.emulator.connection import line_of
from quant_sessions_provider.emulator.delivery import captured, deliver
from quant_sessions_provider.emulator.errors import problem
from quant_sessions_provider.emulator.switches import Switches

RequestLog = deque[dict[str, Any]]
LOG_LENGTH = 100_000

# A name that someone else's DNS points at 127.0.0.1 arrives with that name as its Host.
_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?", re.IGNORECASE)
_TOKEN = re.compile(r"bearer +(?P<token>\S.*)", re.IGNORECASE)
_OPEN = re.compile(r"/|/docs|/openapi\.json|/static-offline-docs/.*")


class Gate:
    """ASGI application around another one; ``moment`` tells the time for the log."""

    def __init__(self, app: ASGIApp, log: RequestLog, moment: Callable[[], str], switches: Switches) -> None:
        self._app = app
        self._log = log
        self._moment = moment
        self._switches = switches

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = await _read(receive)
        if body is None:
            return
        scope = _with_opaque_slashes(scope)
        answer = _refusal(scope, body, self._switches.behaviours)
        if answer or not _is_api(scope):
            await (answer or self._app)(scope, _replay(body, receive), self._logging(scope, body, send))
            return
        await self._operate(scope, body, _replay(body, receive), send)

    async def _operate(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        faults = self._switches.faults
        fault = faults.strike(scope["method"], _raw_path(scope))
        # A client that gives up while it waits does not take its request back.
        await line_of(scope).pause(faults.latency)
        if fault is None:
            await self._app(scope, receive, self._logging(scope, body, send))
            return
        real = await captured(self._app, scope, receive) if fault.when == "after" else None
        answer = None if fault.kind == "drop" else fault.answer(real)
        effect = real is not None and _succeeded(real.status_code)
        self._note(scope, body, status=answer and answer.status_code, fault=fault.kind, effect=effect)
        await deliver(fault, answer, line_of(scope), send)

    def _logging(self, scope: Scope, body: bytes, send: Send) -> Send:
        async def logged(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_api(scope):
                status = message["status"]
                self._note(scope, body, status=status, fault=None, effect=_succeeded(status))
            await send(message)

        return logged

    def _note(self, scope: Scope, body: bytes, **outcome: object) -> None:
        self._log.append(_request(scope, body) | outcome | {"at": self._moment()})


def parse_json(body: bytes) -> object:
    """Read JSON as RFC 8259 means it; ValueError for NaN, infinities, lone surrogates and endless nesting."""
    try:
        value = json.loads(body)
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


def _is_api(scope: Scope) -> bool:
    return bool(scope["path"].startswith("/api/"))


def _succeeded(status: int) -> bool:
    return status < 400  # noqa: PLR2004 - where errors begin


def _refusal(scope: Scope, body: bytes, rules: Behaviours) -> Response | None:
    headers = Headers(scope=scope)
    if not _LOOPBACK.fullmatch(headers.get("host", "")):
        return problem(403, "Access denied: the emulator answers to loopback hosts only")
    if _OPEN.fullmatch(scope["path"]):
        return None
    token = _TOKEN.fullmatch(headers.get("authorization", ""))
    if not token:
        return problem(401, "Missing bearer token", {"WWW-Authenticate": "Bearer"})
    refusal = _is_api(scope) and rules.refusal(token["token"])
    return refusal or _unreadable(scope["method"], headers, body)


def _unreadable(method: str, headers: Mapping[str, str], body: bytes) -> Response | None:
    if method not in {"POST", "PUT"} or not body:
        return None
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return problem(400, "Content-Type must be application/json")
    try:
        parse_json(body)
    except ValueError:
        return problem(400, "body: not valid JSON")
    return None


def _request(scope: Scope, body: bytes) -> dict[str, Any]:
    try:
        parsed = parse_json(body)
    except ValueError:
        parsed = None
    return {
        "method": scope["method"],
        "path": _raw_path(scope),
        "query": dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        "body": parsed,
        "connection": _port(scope),
    }


def _port(scope: Scope) -> int | None:
    """Give the sender's port; without a socket there is none."""
    _, port = scope.get("client") or ("", None)
    return port


def _raw_path(scope: Scope) -> str:
    return str(scope["raw_path"].decode("ascii"))


def _with_opaque_slashes(scope: Scope) -> Scope:
    """Keep an escaped slash escaped: it belongs to an id and must not split the path."""
    raw = scope["raw_path"].partition(b"?")[0]
    path = unquote(re.sub(r"%2f", "%252F", raw.decode("ascii"), flags=re.IGNORECASE))
    return {**scope, "raw_path": raw, "path": path}


async def _read(receive: Receive) -> bytes | None:
    """Read the whole body; None if the client went away."""
    chunks: list[bytes] = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed
