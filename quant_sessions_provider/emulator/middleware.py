"""The middleware around the whole application: host and token checks, faults, and the request log.

A rejected request reaches no route. The log entry of a request is written before its response is sent. It holds the
fault that applied (null: none), whether the operation took effect, the milliseconds until its response, and the
client's port, which identifies the connection; the status of a dropped request is null. Tokens are checked here and
never stored.

Any token opens the control routes. What keeps other pages of a browser out is that a token has to be sent at all: to
another origin a browser sends one only with a permission, which is never given.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quant_sessions_provider.emulator.behaviours import Behaviours
from quant_sessions_provider.emulator.connection import get_connection
from quant_sessions_provider.emulator.delivery import INTERIM_RESPONSES, capture_response, send_response
from quant_sessions_provider.emulator.errors import error_response
from quant_sessions_provider.emulator.request_log import RequestLog
from quant_sessions_provider.emulator.switches import Switches

# DNS rebinding: a foreign name that resolves to 127.0.0.1 arrives as the Host header.
_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?", re.IGNORECASE)
_BEARER = re.compile(r"bearer +(?P<token>\S.*)", re.IGNORECASE)
# What a browser says of a request that a page of another origin has caused.
_FOREIGN_SITES = {"cross-site", "same-site"}
_STARTED = "emulator.started"
_PUBLIC_PATH = re.compile(r"/|/page/.*|/docs|/openapi\.json|/static-offline-docs/.*")


class EmulatorMiddleware:
    """ASGI middleware; ``timestamp`` returns the time for log entries."""

    def __init__(self, app: ASGIApp, log: RequestLog, timestamp: Callable[[], str], switches: Switches) -> None:
        self._app = app
        self._log = log
        self._timestamp = timestamp
        self._switches = switches

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        body = await _read_body(receive)
        if body is None:
            return
        scope = {**_keep_escaped_slashes(scope), _STARTED: time.perf_counter()}
        self._send_interim(scope)
        rejection = _rejection(scope, body, self._switches.behaviours)
        if rejection or not _is_api(scope):
            await (rejection or self._app)(scope, _replay(body, receive), self._logging(scope, body, send))
            return
        await self._call_api(scope, body, _replay(body, receive), send)

    def _send_interim(self, scope: Scope) -> None:
        interim = INTERIM_RESPONSES[self._switches.behaviours.interim]
        if interim and _is_api(scope):
            get_connection(scope).write(interim)

    async def _call_api(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        faults = self._switches.faults
        fault = faults.choose(scope["method"], _raw_path(scope))
        # The request is carried out even if the client disconnects during the sleep.
        await get_connection(scope).sleep(faults.latency)
        if fault is None:
            await self._app(scope, receive, self._logging(scope, body, send))
            return
        real = await capture_response(self._app, scope, receive) if fault.when == "after" else None
        response = None if fault.kind == "drop" else fault.choose_response(real)
        effect = real is not None and _is_success(real.status_code)
        self._record(scope, body, status=response and response.status_code, fault=fault.kind, effect=effect)
        await send_response(fault, response, get_connection(scope), send)

    def _logging(self, scope: Scope, body: bytes, send: Send) -> Send:
        async def logged(message: Message) -> None:
            if message["type"] == "http.response.start":
                if _is_api(scope):
                    status = message["status"]
                    self._record(scope, body, status=status, fault=None, effect=_is_success(status))
                else:
                    _forbid_frames(message)
            await send(message)

        return logged

    def _record(self, scope: Scope, body: bytes, **outcome: object) -> None:
        taken = round((time.perf_counter() - scope[_STARTED]) * 1000, 1)
        self._log.append(_describe(scope, body) | outcome | {"milliseconds": taken, "at": self._timestamp()})


def _forbid_frames(message: Message) -> None:
    """Have browsers show a response in no frame, where somebody could be led to click on it unknowingly."""
    headers = MutableHeaders(scope=message)
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Content-Security-Policy", "frame-ancestors 'none'")


def _is_api(scope: Scope) -> bool:
    return bool(scope["path"].startswith("/api/"))


def _is_success(status: int) -> bool:
    return status < 400  # noqa: PLR2004 - errors begin at 400


def _rejection(scope: Scope, body: bytes, behaviours: Behaviours) -> Response | None:
    headers = Headers(scope=scope)
    if not _LOOPBACK.fullmatch(headers.get("host", "")):
        return error_response(403, "Access denied: the Host header must be a loopback address")
    if _PUBLIC_PATH.fullmatch(scope["path"]):
        return None
    if not _is_api(scope) and headers.get("sec-fetch-site") in _FOREIGN_SITES:
        return error_response(403, "Access denied: only the emulator's own page may control it from a browser")
    bearer = _BEARER.fullmatch(headers.get("authorization", ""))
    if not bearer:
        return error_response(401, "Missing bearer token", {"WWW-Authenticate": "Bearer"})
    rejection = _is_api(scope) and behaviours.check_access(bearer["token"])
    return rejection or _invalid_body(scope["method"], headers, body)


def _invalid_body(method: str, headers: Mapping[str, str], body: bytes) -> Response | None:
    if method not in {"POST", "PUT"} or not body:
        return None
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return error_response(400, "Content-Type must be application/json")
    try:
        _parse_json(body)
    except ValueError:
        return error_response(400, "body: invalid JSON")
    return None


def _parse_json(body: bytes) -> object:
    """Parse JSON as RFC 8259 defines it; raise ValueError for NaN, infinity, lone surrogates and endless nesting."""
    try:
        value = json.loads(body)
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


def _describe(scope: Scope, body: bytes) -> dict[str, Any]:
    try:
        parsed = _parse_json(body)
    except ValueError:
        parsed = None
    return {
        "method": scope["method"],
        "path": _raw_path(scope),
        "query": dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        "body": parsed,
        "connection": _client_port(scope),
    }


def _client_port(scope: Scope) -> int | None:
    """Return the client's port, or None without a socket."""
    _, port = scope.get("client") or ("", None)
    return port


def _raw_path(scope: Scope) -> str:
    return str(scope["raw_path"].decode("ascii"))


def _keep_escaped_slashes(scope: Scope) -> Scope:
    """Return the scope with ``%2F`` still escaped in its path: such a slash is part of an id."""
    raw = scope["raw_path"].partition(b"?")[0]
    path = unquote(re.sub(r"%2f", "%252F", raw.decode("ascii"), flags=re.IGNORECASE))
    return {**scope, "raw_path": raw, "path": path}


async def _read_body(receive: Receive) -> bytes | None:
    """Return the whole body, or None if the client disconnected."""
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
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return pending.pop() if pending else await receive()

    return replayed
