"""How responses are sent when a behaviour or a fault asks for more than ASGI allows."""

from http.client import responses

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quant_sessions_provider.emulator.behaviours import Interim
from quant_sessions_provider.emulator.connection import Connection
from quant_sessions_provider.emulator.faults import Fault

INTERIM_RESPONSES: dict[Interim, bytes] = {
    "none": b"",
    "continue": b"HTTP/1.1 100 Continue\r\n\r\n",
    "processing": b"HTTP/1.1 102 Processing\r\n\r\n" * 2,
    "earlyHints": b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload; as=style\r\n\r\n",
}

_TRAILING = b"0\r\n\r\n"  # the end of a chunked body, which some proxies also add to a body with a length


async def capture_response(app: ASGIApp, scope: Scope, receive: Receive) -> Response:
    """Run the application, and return its response instead of sending it."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    start, *rest = messages
    response = Response(b"".join(message.get("body", b"") for message in rest), start["status"])
    response.raw_headers = list(start["headers"])
    return response


async def send_response(fault: Fault, response: Response | None, connection: Connection, send: Send) -> None:
    """Send a response the way the fault says; without a response, drop the connection."""
    if response is None:
        await connection.drop()
        return
    body = bytes(response.body)
    await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
    if fault.kind == "truncate":
        await _send_body(send, body[: len(body) // 2], more=True)
        await connection.drop()
    elif fault.kind == "slow":
        await _send_slowly(fault, body, connection, send)
    elif fault.kind in {"trailing", "duplicate"}:
        extra = _TRAILING if fault.kind == "trailing" else _raw(response)
        await _send_followed_by(extra, fault, body, connection, send)
    else:
        await _send_body(send, body)


async def _send_slowly(fault: Fault, body: bytes, connection: Connection, send: Send) -> None:
    size = fault.chunk_bytes
    while len(body) > size:
        await _send_body(send, body[:size], more=True)
        body = body[size:]
        if await connection.sleep(fault.pause_ms / 1000):
            break  # the client is gone or the server is stopping: send the rest at once
    await _send_body(send, body)


async def _send_followed_by(extra: bytes, fault: Fault, body: bytes, connection: Connection, send: Send) -> None:
    if not fault.delay_ms:
        with connection.hold():
            await _send_body(send, body)
            connection.write(extra)
        return
    await _send_body(send, body)
    if not await connection.sleep(fault.delay_ms / 1000):
        connection.write(extra)


def _raw(response: Response) -> bytes:
    start = f"HTTP/1.1 {response.status_code} {responses.get(response.status_code, '')}\r\n".encode()
    headers = b"".join(name + b": " + value + b"\r\n" for name, value in response.raw_headers)
    return start + headers + b"\r\n" + bytes(response.body)


async def _send_body(send: Send, body: bytes, *, more: bool = False) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})
