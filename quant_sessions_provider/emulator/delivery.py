"""How a response is sent when a fault applies: whole, cut in half, slowly, or not at all."""

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quant_sessions_provider.emulator.connection import Connection
from quant_sessions_provider.emulator.faults import Fault


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


async def _send_body(send: Send, body: bytes, *, more: bool = False) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})
