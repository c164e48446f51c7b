"""The door of the emulator: who may come in, what is written into the request log.

Around the whole application, so that a refused request is refused before anything reads it, and every answer
is in the log before its sender can see it. Tokens are looked at here and nowhere kept.
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

from quant_sessions_provider.emulator.errors import problem

RequestLog = deque[dict[str, Any]]
LOG_LENGTH = 100_000

# A name that someone else's DNS points at 127.0.0.1 arrives with that name as its Host.
_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?", re.IGNORECASE)
_TOKEN = re.compile(r"bearer +\S.*", re.IGNORECASE)
_OPEN = re.compile(r"/|/docs|/openapi\.json|/static-offline-docs/.*")


class Gate:
    """ASGI application around another one; ``moment`` tells the time for the log."""

    def __init__(self, app: ASGIApp, log: RequestLog, moment: Callable[[], str]) -> None:
        self._app = app
        self._log = log
        self._moment = moment

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = await _read(receive)
        if body is None:
            return
        scope = _with_opaque_slashes(scope)
        answer = _refusal(scope, body) or self._app
        await answer(scope, _replay(body, receive), self._logging(scope, body, send))

    def _logging(self, scope: Scope, body: bytes, send: Send) -> Send:
        async def logged(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["path"].startswith("/api/"):
                self._log.append(_entry(scope, body, message["status"]) | {"at": self._moment()})
            await send(message)

        return logged


def parse_json(body: bytes) -> object:
    """Read JSON as RFC 8259 means it; ValueError for NaN, infinities, lone surrogates and endless nesting."""
    try:
        value = json.loads(body)
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


def _refusal(scope: Scope, body: bytes) -> Response | None:
    headers = Headers(scope=scope)
    if not _LOOPBACK.fullmatch(headers.get("host", "")):
        return problem(403, "Access denied: the emulator answers to loopback hosts only")
    if _OPEN.fullmatch(scope["path"]):
        return None
    if not _TOKEN.fullmatch(headers.get("authorization", "")):
        return problem(401, "Missing bearer token", {"WWW-Authenticate": "Bearer"})
    return _unreadable(scope["method"], headers, body)


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


def _entry(scope: Scope, body: bytes, status: int) -> dict[str, Any]:
    try:
        parsed = parse_json(body)
    except ValueError:
        parsed = None
    return {
        "method": scope["method"],
        "path": scope["raw_path"].decode("ascii"),
        "query": dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        "body": parsed,
        "status": status,
    }


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
