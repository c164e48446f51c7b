"""Routes under ``/_emulator/``: the clock, the request log, stored sessions, faults and behaviours.

Sessions are returned with all stored fields, in camelCase, with timestamps in RFC 3339. Faults and behaviours last
until they are reset or the process ends.
"""

from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from quant_sessions_provider.emulator.behaviours import Behaviours
from quant_sessions_provider.emulator.dependencies import (
    SESSION_PATH,
    CurrentBehaviours,
    CurrentRequestLog,
    CurrentStore,
    CurrentSwitches,
    Organisation,
    SessionId,
    bearer,
    error_responses,
)
from quant_sessions_provider.emulator.errors import BadRequestError, SessionNotFoundError
from quant_sessions_provider.emulator.faults import Fault, FaultSetup
from quant_sessions_provider.emulator.schemas import ControlBody, Messages, Status, Tokens
from quant_sessions_provider.emulator.sessions import MINUTE, SessionRow, rfc3339, to_milliseconds

_STORED_SESSION = f"/sessions/{{organisation}}{SESSION_PATH}"
_CENTURY = 100 * 365 * 24 * 3600
Seconds = Annotated[float, Field(ge=-_CENTURY, le=_CENTURY)]
StoredTimestamp = Annotated[AwareDatetime, Field(strict=False)]
_TIMESTAMPS = ("created_at", "updated_at", "expires_at")
_to_camel = cache(to_camel)  # slow, and called for each field of each session

router = APIRouter(
    prefix="/_emulator",
    tags=["Emulator"],
    dependencies=[bearer],
    responses=error_responses({400: "Invalid request"}),
)


class ClockOffset(ControlBody):
    """The clock's offset from real time."""

    offset_seconds: Seconds
    """Seconds ahead of real time; negative: behind it."""


class Shift(ControlBody):
    """How far to shift a time."""

    seconds: Seconds
    """Seconds towards the future; negative: towards the past."""


class MessageList(ControlBody):
    """Messages of any shape, since the API may store some that this version does not document."""

    messages: Messages


class StoredFields(ControlBody):
    """Stored fields of a session. A missing field keeps its value; in a new session it gets its default."""

    user_id: str = "seeded"
    session_group: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    status: Status = "active"
    model: str | None = None
    title: str | None = None
    messages: Messages = Field(default_factory=list)
    total_tokens: Tokens = 0
    created_at: StoredTimestamp | None = None
    updated_at: StoredTimestamp | None = None
    expires_at: StoredTimestamp | None = None


class Clock(BaseModel):
    """The emulator's clock."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    now: str
    offset_seconds: float


class Count(BaseModel):
    """The number of items that were changed."""

    count: int


@router.get("/clock")
async def read_clock(store: CurrentStore) -> Clock:
    """Return the emulator's time."""
    return Clock(now=rfc3339(store.now()), offset_seconds=store.clock_offset() / 1000)


@router.put("/clock")
async def set_clock(body: ClockOffset, store: CurrentStore) -> Clock:
    """Set the clock's offset from real time."""
    store.set_clock_offset(round(body.offset_seconds * 1000))
    return await read_clock(store)


@router.post("/clock/advance")
async def advance_clock(body: Shift, store: CurrentStore) -> Clock:
    """Advance the clock."""
    offset = store.clock_offset() + round(body.seconds * 1000)
    if abs(offset) > _CENTURY * 1000:
        raise BadRequestError("seconds: the clock must stay within 100 years of real time")
    store.set_clock_offset(offset)
    return await read_clock(store)


@router.get("/requests")
async def read_requests(log: CurrentRequestLog) -> list[dict[str, Any]]:
    """Return the API requests since the start or since the log was cleared, oldest first, without their headers."""
    return list(log)


@router.delete("/requests")
async def clear_requests(log: CurrentRequestLog) -> Count:
    """Clear the log of API requests."""
    return Count(count=log.clear())


@router.get("/sessions")
async def read_sessions(
    store: CurrentStore, organisation: Annotated[str | None, Query()] = None
) -> list[dict[str, Any]]:
    """Return the stored sessions of one organisation or of all, including completed and expired ones, oldest first."""
    return [to_json(session) for session in store.list_all(organisation)]


@router.delete("/sessions")
async def delete_sessions(store: CurrentStore) -> Count:
    """Delete all sessions."""
    return Count(count=store.clear())


@router.post("/shift")
async def shift_all(body: Shift, store: CurrentStore) -> Count:
    """Shift the timestamps of all sessions: by -3600 seconds, as if an hour had passed."""
    return Count(count=store.shift(round(body.seconds * 1000)))


@router.post(f"/sessions{SESSION_PATH}/shift", responses=error_responses({404: "Session not found"}))
async def shift_one(session_id: SessionId, body: Shift, store: CurrentStore) -> Count:
    """Shift the timestamps of one session."""
    count = store.shift(round(body.seconds * 1000), session_id)
    if not count:
        raise SessionNotFoundError
    return Count(count=count)


@router.get(_STORED_SESSION, responses=error_responses({404: "Session not found"}))
async def read_session(organisation: Organisation, session_id: SessionId, store: CurrentStore) -> dict[str, Any]:
    """Return a stored session, even a completed or expired one."""
    return to_json(store.get(organisation, session_id))


@router.delete(_STORED_SESSION, responses=error_responses({404: "Session not found"}))
async def delete_session(organisation: Organisation, session_id: SessionId, store: CurrentStore) -> Count:
    """Delete a stored session, even a completed or expired one."""
    if not store.delete(organisation, session_id, expired=True):
        raise SessionNotFoundError
    return Count(count=1)


@router.put(_STORED_SESSION)
async def write_session(
    organisation: Organisation, session_id: SessionId, body: StoredFields, store: CurrentStore
) -> dict[str, Any]:
    """Store a session with this id, or change stored fields of an existing one."""
    now = store.now()
    session = store.find(organisation, session_id) or SessionRow(
        organisation, session_id, body.user_id, now, now, now + 60 * MINUTE
    )
    for name in body.model_fields_set:
        value = getattr(body, name)
        setattr(session, name, to_milliseconds(value) if name in _TIMESTAMPS else value)
    store.save(session)
    return to_json(session)


@router.post(f"{_STORED_SESSION}/messages", responses=error_responses({404: "Session not found"}))
async def append_messages(
    organisation: Organisation, session_id: SessionId, body: MessageList, store: CurrentStore
) -> dict[str, Any]:
    """Append messages, as a running conversation does."""
    with store.edit(organisation, session_id) as session:
        session.append(body.messages)
    return to_json(session)


@router.put(f"{_STORED_SESSION}/messages", responses=error_responses({404: "Session not found"}))
async def replace_messages(
    organisation: Organisation, session_id: SessionId, body: MessageList, store: CurrentStore
) -> dict[str, Any]:
    """Replace all messages."""
    with store.edit(organisation, session_id) as session:
        session.messages = body.messages
    return to_json(session)


@router.get("/faults")
async def read_faults(switches: CurrentSwitches) -> dict[str, Any]:
    """Return the faults, and how often each was applied (`struck`)."""
    return switches.faults.describe()


@router.put("/faults")
async def set_faults(body: FaultSetup, switches: CurrentSwitches) -> dict[str, Any]:
    """Replace all faults, the latency and the seed; the sequence of the seed restarts."""
    switches.faults.replace(body)
    return switches.faults.describe()


@router.post("/faults")
async def add_fault(body: Fault, switches: CurrentSwitches) -> dict[str, Any]:
    """Add a fault, to be tried after the others; their counts are kept."""
    switches.faults.add(body)
    return switches.faults.describe()


@router.delete("/faults")
async def clear_faults(switches: CurrentSwitches) -> dict[str, Any]:
    """Remove all faults and the latency."""
    switches.faults.replace(FaultSetup())
    return switches.faults.describe()


@router.get("/behaviours")
async def read_behaviours(behaviours: CurrentBehaviours) -> Behaviours:
    """Return all behaviours."""
    return behaviours


@router.put("/behaviours")
async def set_behaviours(body: Behaviours, switches: CurrentSwitches) -> Behaviours:
    """Set the given behaviours, and reset all others to their defaults."""
    switches.behaviours = body
    return body


@router.delete("/behaviours")
async def reset_behaviours(switches: CurrentSwitches) -> Behaviours:
    """Reset all behaviours to their defaults."""
    switches.behaviours = Behaviours()
    return switches.behaviours


def to_json(session: SessionRow) -> dict[str, Any]:
    """Return all stored fields of a session as JSON."""
    stored = vars(session) | {name: rfc3339(getattr(session, name)) for name in _TIMESTAMPS}
    return {_to_camel(name): value for name, value in stored.items()}
