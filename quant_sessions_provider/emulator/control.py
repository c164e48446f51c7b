"""Routes under ``/_emulator/``: what a test needs to know or to do behind the API's back.

Sessions appear here whole, with the API's camelCase names and times in RFC 3339. Faults and behaviours last until they
are reset or the process ends.
"""

from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from quant_sessions_provider.emulator.behaviours import Behaviours
from quant_sessions_provider.emulator.dependencies import (
    ONE,
    Current,
    Log,
    Organisation,
    Rules,
    SessionId,
    SessionStore,
    bearer,
    problems,
)
from quant_sessions_provider.emulator.errors import InvalidRequestError, SessionNotFoundError
from quant_sessions_provider.emulator.faults import Fault, FaultSetup
from quant_sessions_provider.emulator.schemas import Body, Messages, Status, Tokens
from quant_sessions_provider.emulator.sessions import MINUTE, Session, milliseconds_of, rfc3339

STORED = f"/sessions/{{organisation}}{ONE}"
_CENTURY = 100 * 365 * 24 * 3600
Seconds = Annotated[float, Field(ge=-_CENTURY, le=_CENTURY)]
Time = Annotated[AwareDatetime, Field(strict=False)]
_MOMENTS = ("created_at", "updated_at", "expires_at")
_word = cache(to_camel)  # slow, and asked for every field of every session
router = APIRouter(
    prefix="/_emulator",
    tags=["Emulator"],
    dependencies=[bearer],
    responses=problems({400: "Invalid request"}),
)


class Offset(Body):
    """How far the clock is from the real time; negative is the past."""

    offset_seconds: Seconds


class Step(Body):
    """By how much something moves; negative is the past."""

    seconds: Seconds


class Appended(Body):
    """Messages of any shape: the API may hold some that this version does not know."""

    messages: Messages


class Seed(Body):
    """Stored fields of a session; what is left out keeps its value, or its default in a new one."""

    user_id: str = "seeded"
    session_group: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    status: Status = "active"
    model: str | None = None
    title: str | None = None
    messages: Messages = Field(default_factory=list)
    total_tokens: Tokens = 0
    created_at: Time | None = None
    updated_at: Time | None = None
    expires_at: Time | None = None


class Clock(BaseModel):
    """The movable clock."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    now: str
    offset_seconds: float


class Count(BaseModel):
    """How many were changed."""

    count: int


@router.get("/clock")
async def read_clock(store: SessionStore) -> Clock:
    """Tell the emulator's time."""
    return Clock(now=rfc3339(store.now()), offset_seconds=store.offset() / 1000)


@router.put("/clock")
async def set_clock(body: Offset, store: SessionStore) -> Clock:
    """Set the distance from the real time."""
    store.set_offset(round(body.offset_seconds * 1000))
    return await read_clock(store)


@router.post("/clock/advance")
async def advance_clock(body: Step, store: SessionStore) -> Clock:
    """Move the clock on from where it is."""
    offset = store.offset() + round(body.seconds * 1000)
    if abs(offset) > _CENTURY * 1000:
        raise InvalidRequestError("seconds: the clock must stay within a century of the real time")
    store.set_offset(offset)
    return await read_clock(store)


@router.get("/requests")
async def read_requests(log: Log) -> list[dict[str, Any]]:
    """List the API requests since the start or the last clearing, oldest first; never their headers."""
    return list(log)


@router.delete("/requests")
async def clear_requests(log: Log) -> Count:
    """Forget the API requests."""
    count = len(log)
    log.clear()
    return Count(count=count)


@router.get("/sessions")
async def read_sessions(
    store: SessionStore, organisation: Annotated[str | None, Query()] = None
) -> list[dict[str, Any]]:
    """List whole sessions of one or all organisations, expired and completed ones too, oldest first."""
    return [whole(session) for session in store.everything(organisation)]


@router.post("/shift")
async def shift_all(body: Step, store: SessionStore) -> Count:
    """Move the times of all sessions, as if the time between had passed (negative) or not yet come."""
    return Count(count=store.shift(round(body.seconds * 1000)))


@router.post(f"/sessions{ONE}/shift", responses=problems({404: "Session not found"}))
async def shift_one(session_id: SessionId, body: Step, store: SessionStore) -> Count:
    """Move the times of one session."""
    count = store.shift(round(body.seconds * 1000), session_id)
    if not count:
        raise SessionNotFoundError
    return Count(count=count)


@router.put(STORED)
async def seed(organisation: Organisation, session_id: SessionId, body: Seed, store: SessionStore) -> dict[str, Any]:
    """Store a session of this id, or change the stored fields of one."""
    now = store.now()
    session = store.find(organisation, session_id) or Session(
        organisation, session_id, body.user_id, now, now, now + 60 * MINUTE
    )
    for name in body.model_fields_set:
        value = getattr(body, name)
        setattr(session, name, milliseconds_of(value) if name in _MOMENTS else value)
    store.add(session)
    return whole(session)


@router.post(f"{STORED}/messages", responses=problems({404: "Session not found"}))
async def append(
    organisation: Organisation, session_id: SessionId, body: Appended, store: SessionStore
) -> dict[str, Any]:
    """Append messages as a running conversation does."""
    session = store.get(organisation, session_id)
    session.append(body.messages)
    store.add(session)
    return whole(session)


@router.put(f"{STORED}/messages", responses=problems({404: "Session not found"}))
async def tamper(
    organisation: Organisation, session_id: SessionId, body: Appended, store: SessionStore
) -> dict[str, Any]:
    """Replace all messages."""
    session = store.get(organisation, session_id)
    session.messages = body.messages
    store.add(session)
    return whole(session)


@router.get("/faults")
async def read_faults(switches: Current) -> dict[str, Any]:
    """Show the faults, and how often each struck."""
    return switches.faults.report()


@router.put("/faults")
async def set_faults(body: FaultSetup, switches: Current) -> dict[str, Any]:
    """Replace all faults, the latency and the seed; the sequence of the seed begins anew."""
    switches.faults.arm(body)
    return switches.faults.report()


@router.post("/faults")
async def add_fault(body: Fault, switches: Current) -> dict[str, Any]:
    """Add one fault after the others, which keep their counts."""
    switches.faults.add(body)
    return switches.faults.report()


@router.delete("/faults")
async def clear_faults(switches: Current) -> dict[str, Any]:
    """Fail no more, and at once: the latency goes too."""
    switches.faults.arm(FaultSetup())
    return switches.faults.report()


@router.get("/behaviours")
async def read_behaviours(rules: Rules) -> Behaviours:
    """Show all switches."""
    return rules


@router.put("/behaviours")
async def set_behaviours(body: Behaviours, switches: Current) -> Behaviours:
    """Set the switches that are named; all others go back to their defaults."""
    switches.behaviours = body
    return body


@router.delete("/behaviours")
async def reset_behaviours(switches: Current) -> Behaviours:
    """Set all switches back to their defaults."""
    switches.behaviours = Behaviours()
    return switches.behaviours


def whole(session: Session) -> dict[str, Any]:
    """Write everything that is stored."""
    stored = vars(session) | {name: rfc3339(getattr(session, name)) for name in _MOMENTS}
    return {_word(name): value for name, value in stored.items()}
