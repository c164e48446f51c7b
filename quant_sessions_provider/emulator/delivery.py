"""How an answer leaves when a fault strikes: whole, in half, in drops, or not at all."""

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from quant_sessions_provider.emulator.connection import Line
from quant_sessions_provider.emulator.faults import Fault


async def captured(app: ASGIApp, scope: Scope, receive: Receive) -> Response:
    """Let the application answer, and keep the answer."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    head, *rest = messages
    answer = Response(b"".join(message.get("body", b"") for message in rest), head["status"])
    answer.raw_headers = list(head["headers"])
    return answer


async def deliver(fault: Fault, answer: Response | None, line: Line, send: Send) -> None:
    """Send an answer as the fault has it; None: hang up."""
    if answer is None:
        await line.hang_up()
        return
    body = bytes(answer.body)
    await send({"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers})
    if fault.kind == "truncate":
        await _part(send, body[: len(body) // 2], more=True)
        await line.hang_up()
    elif fault.kind == "slow":
        await _drip(fault, body, line, send)
    else:
        await _part(send, body)


async def _drip(fault: Fault, body: bytes, line: Line, send: Send) -> None:
    size = fault.chunk_bytes
    while len(body) > size:
        await _part(send, body[:size], more=True)
        body = body[size:]
        if await line.pause(fault.pause_ms / 1000):
            break  # nobody is left to be kept waiting: the rest goes in one
    await _part(send, body)


async def _part(send: Send, body: bytes, *, more: bool = False) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})
