"""The six operations of the API."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Body, Query
from pydantic.json_schema import SkipJsonSchema

from quant_sessions_provider.emulator.behaviours import Behaviours
from quant_sessions_provider.emulator.dependencies import (
    ONE,
    Organisation,
    Rules,
    SessionId,
    SessionStore,
    UuidSessionId,
    bearer,
    problems,
)
from quant_sessions_provider.emulator.schemas import (
    ChatSession,
    Created,
    CreateRequest,
    Deleted,
    Extended,
    ExtendRequest,
    Limit,
    ListedSession,
    Offset,
    Updated,
    UpdateRequest,
)
from quant_sessions_provider.emulator.sessions import MAX_TOKENS, MINUTE, Session, rfc3339

Filter = str | SkipJsonSchema[None]
UserFilter = Annotated[Filter, Query(alias="userId", description="Filter sessions by user ID")]
GroupFilter = Annotated[Filter, Query(alias="sessionGroup", description="Filter by session group")]
ModelFilter = Annotated[Filter, Query(description="Filter by model ID")]

router = APIRouter(
    prefix="/api/v3/organizations/{organisation}/ai/sessions", tags=["AI Sessions"], dependencies=[bearer]
)


@router.post(
    "",
    operation_id="createAISession",
    status_code=201,
    responses=problems({400: "Invalid request", 500: "Failed to create session"}),
)
async def create(organisation: Organisation, body: CreateRequest, store: SessionStore, rules: Rules) -> Created:
    """Create a new chat session."""
    rules.check_fields(body)
    now = store.now()
    session = Session(
        organisation=organisation,
        id=str(uuid4()),
        user_id=body.user_id,
        session_group=body.session_group if "session_group" in body.model_fields_set else None,
        metadata=body.metadata,
        created_at=now,
        updated_at=now,
        expires_at=rules.grant(now + body.expiration_minutes * MINUTE, now),
    )
    session.append([message.stored() for message in body.initial_messages])
    store.add(session)
    return Created(
        session_id=session.id,
        status=session.status,
        expires_at=rfc3339(session.expires_at),
        created_at=rfc3339(now),
    )


@router.get(
    "",
    operation_id="listAISessions",
    response_model_exclude_unset=True,
    responses=problems({400: "Invalid request", 500: "Failed to fetch sessions"}),
)
async def list_active(  # noqa: PLR0913, PLR0917 - the API's parameters, given by name
    organisation: Organisation,
    store: SessionStore,
    user_id: UserFilter = None,
    session_group: GroupFilter = None,
    model: ModelFilter = None,
    limit: Annotated[Limit, Query(description="Maximum number of sessions to return")] = 50,
    offset: Annotated[Offset, Query(description="Offset for pagination")] = 0,
) -> list[ListedSession]:
    """List active chat sessions, newest first."""
    filters = {"user_id": user_id, "session_group": session_group, "model": model}
    rows = store.active(organisation, filters, limit, offset)
    return [
        ListedSession(
            id=row["id"],
            created_at=rfc3339(row["created_at"]),
            updated_at=rfc3339(row["updated_at"]),
            **named(row["title"], row["model"]),
        )
        for row in rows
    ]


def named(title: str | None, model: str | None) -> dict[str, str]:
    """Leave out what is not set: the API knows no null."""
    return {name: value for name, value in (("title", title), ("model", model)) if value is not None}


@router.get(
    ONE,
    operation_id="getAISession",
    response_model_exclude_unset=True,
    responses=problems({404: "Session not found"}),
)
async def get(organisation: Organisation, session_id: SessionId, store: SessionStore, rules: Rules) -> ChatSession:
    """Get a specific chat session with its messages."""
    session = store.get(organisation, session_id)
    rules.check_readable(session, store.now())
    return ChatSession(
        id=session.id,
        messages=session.messages,
        created_at=rfc3339(session.created_at),
        **named(session.title, session.model),
    )


@router.put(
    ONE,
    operation_id="updateAISession",
    responses=problems({400: "Invalid request", 404: "Session not found", 500: "Failed to update session"}),
)
async def update(
    organisation: Organisation, session_id: UuidSessionId, body: UpdateRequest, store: SessionStore, rules: Rules
) -> Updated:
    """Append messages, add tokens, set metadata and status."""
    rules.check_fields(body)
    with store.changing(organisation, session_id) as session:
        now = store.now()
        rules.check_live(session, now)
        apply(body, session, rules)
        session.updated_at = now
    return Updated(
        session_id=session.id,
        status=session.status,
        total_messages=len(session.messages),
        total_tokens=session.total_tokens,
        updated_at=rfc3339(session.updated_at),
    )


def apply(body: UpdateRequest, session: Session, rules: Behaviours) -> None:
    """Change what the body holds and nothing else."""
    session.append([message.stored() for message in body.new_messages])
    # No request is refused for what others before it used.
    session.total_tokens = min(session.total_tokens + body.tokens_used, MAX_TOKENS)
    if "status" in body.model_fields_set:
        rules.check_status(session, body.status)
        session.status = body.status
    if "metadata" in body.model_fields_set:
        session.metadata = rules.next_metadata(session.metadata, body.metadata)


@router.put(
    f"{ONE}/extend",
    operation_id="extendAISession",
    responses=problems({400: "Invalid request", 404: "Session not found", 500: "Failed to extend session"}),
)
async def extend(
    organisation: Organisation,
    session_id: UuidSessionId,
    store: SessionStore,
    rules: Rules,
    body: Annotated[ExtendRequest, Body(default_factory=ExtendRequest)],
) -> Extended:
    """Extend a live session, counted from its current expiry unless told otherwise."""
    rules.check_fields(body)
    minutes = body.additional_minutes
    with store.changing(organisation, session_id) as session:
        now = store.now()
        rules.check_live(session, now)
        session.expires_at = rules.extended(session, minutes, now)
        session.updated_at = now
    return Extended(
        session_id=session.id,
        expires_at=rfc3339(session.expires_at),
        message=f"Session extended by {minutes} minutes",
    )


@router.delete(
    ONE,
    operation_id="deleteAISession",
    responses=problems({500: "Failed to delete session"}),
)
async def delete(organisation: Organisation, session_id: SessionId, store: SessionStore, rules: Rules) -> Deleted:
    """Delete a chat session."""
    if not store.delete(organisation, session_id, expired=rules.expired == "lingering"):
        rules.check_deletion_of_nothing()
    return Deleted(message="Session deleted successfully")
