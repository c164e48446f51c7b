"""The six operations of the client, by what its errors call them."""

from __future__ import annotations

from collections.abc import Callable

from quant_sessions_provider.client.sessions import Client

Operation = Callable[[Client], object]

OPERATIONS: dict[str, Operation] = {
    "creating the session": lambda c: c.create("acme", user_id="ada"),
    "reading session 3f2a": lambda c: c.get("acme", "3f2a"),
    "updating session 3f2a": lambda c: c.update("acme", "3f2a", new_messages=[{"role": "user", "content": "A"}]),
    "extending session 3f2a": lambda c: c.extend("acme", "3f2a"),
    "deleting session 3f2a": lambda c: c.delete("acme", "3f2a"),
    "listing sessions": lambda c: list(c.list("acme")),
}
