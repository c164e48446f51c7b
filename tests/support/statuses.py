"""A status that no API and no run made, for tests of what is shown of it and for the docs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.losses import Loss
from quant_sessions_provider.status.model import Seen, StackSession, Status
from quant_sessions_provider.status.rows import rows
from quant_sessions_provider.status.state import read_stack
from tests.support.exports import START, state

NOW: Final = START + timedelta(hours=12)


def session(name: str, left: float = 42, **own: Any) -> StackSession:  # noqa: ANN401 - any properties
    """Return a session of an hour with so many minutes left at :data:`NOW`."""
    until = timestamps.render(NOW + timedelta(minutes=left))
    (read,) = read_stack(state({name: {"expirationMinutes": 60, "expiresAt": until} | own}))
    return replace(read, id=f"{len(name):08x}-{name}")


def status(*pairs: tuple[StackSession, Seen], asked: bool = True) -> Status:
    """Return the status of sessions, each as it was seen."""
    sessions, seen = zip(*pairs, strict=True)
    return Status("main", NOW, asked, rows(sessions, seen, NOW))


def workshop() -> Status:
    """Return a workshop of twelve, with one of each kind."""
    learners = ("ada", "alan", "annie", "barbara", "donald", "edsger", "frances", "grace", "john", "karen", "linus")
    renewed: dict[str, Any] = {"expirationMinutes": 240, "renewBeforeMinutes": 30}
    hello = [{"role": "system", "content": "Be kind."}]
    made: dict[str, tuple[StackSession, Seen]] = {}
    for number, name in enumerate((*learners, "margaret")):
        own = renewed | {"userId": name, "sessionGroup": "workshop", "messages": hello}
        seen = Seen("alive", messages=3 + 2 * number, loss=Loss(2 + 2 * number))
        made[name] = session(f"workshop-{name}", 225 - 17.5 * number, **own), seen
    one_off = {"sessionGroup": "workshop", "messages": hello}
    made["alan"] = session("workshop-alan", -25, userId="alan", **one_off), Seen("expired")
    lingers = Seen("expired", messages=14, loss=Loss(13))
    made["grace"] = session("workshop-grace", -3, userId="grace", **one_off), lingers
    done = {"status": "completed", "userId": "john"} | one_off
    made["john"] = session("workshop-john", 31, **done), Seen("completed", messages=9, loss=Loss(8))
    made["karen"] = session("workshop-karen", 50, userId="karen", **one_off), Seen("gone")
    failed = "reading session 0000000e-workshop-linus: the API returned 503: Service unavailable"
    made["linus"] = made["linus"][0], Seen("unknown", failed)
    return status(*made.values())
