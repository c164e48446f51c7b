"""The six operations of the API."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Body, Query
from pydantic.json_schema import SkipJsonSchema
from starlette.responses import Response

from quant_sessions_provider.emulator.behaviours import Behaviours
from quant_sessions_provider.emulator.dependencies import (
    SESSION_PATH,
    CurrentBehaviours,
    CurrentStore,
    Organisation,
    SessionId,
    UuidSessionId,
    bearer,
    error_responses,
)
from quant_sessions_provider.emulator.schemas import (
    ChatSession,
    CreateRequest,
    CreateResponse,
    DeleteResponse,
    ExtendRequest,
    ExtendResponse,
    Limit,
    ListItem,
    Offset,
    UpdateRequest,
    UpdateResponse,
)
from quant_sessions_provider.emulator.sessions import MAX_TOKENS, MINUTE, SessionRow, rfc3339

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
    responses=error_responses({400: "Invalid request", 500: "Failed to create session"}),
)
async def create(
    organisation: Organisation, body: CreateRequest, store: CurrentStore, behaviours: CurrentBehaviours
) -> CreateResponse:
    """Create a chat session."""
    behaviours.check_fields(body)
    now = store.now()
    session = SessionRow(
        organisation=organisation,
        id=str(uuid4()),
        user_id=body.user_id,
        session_group=body.session_group if "session_group" in body.model_fields_set else None,
        metadata=body.metadata,
        created_at=now,
        updated_at=now,
        expires_at=behaviours.grant(now + body.expiration_minutes * MINUTE, now),
    )
    session.append([message.to_stored() for message in body.initial_messages])
    store.save(session)
    return CreateResponse(
        session_id=session.id,
        status=session.status,
        expires_at=rfc3339(session.expires_at),
        created_at=rfc3339(now),
    )


@router.get(
    "",
    operation_id="listAISessions",
    response_model_exclude_unset=True,
    responses=error_responses({400: "Invalid request", 500: "Failed to fetch sessions"}),
)
async def list_active(  # noqa: PLR0913, PLR0917 - the API's parameters, passed by name
    organisation: Organisation,
    store: CurrentStore,
    behaviours: CurrentBehaviours,
    user_id: UserFilter = None,
    session_group: GroupFilter = None,
    model: ModelFilter = None,
    limit: Annotated[Limit, Query(description="Maximum number of sessions to return")] = 50,
    offset: Annotated[Offset, Query(description="Number of sessions to skip")] = 0,
) -> list[ListItem]:
    """List active chat sessions, newest first."""
    filters = {"user_id": user_id, "session_group": session_group, "model": model}
    rows = store.list_active(organisation, filters, min(limit, behaviours.max_page_size), offset)
    return [
        ListItem(
            id=row["id"],
            created_at=rfc3339(row["created_at"]),
            updated_at=rfc3339(row["updated_at"]),
            **_optional_fields(row["title"], row["model"]),
        )
        for row in rows
    ]


def _optional_fields(title: str | None, model: str | None) -> dict[str, str]:
    """Return the fields that are set: the API leaves out the others instead of returning null."""
    return {name: value for name, value in (("title", title), ("model", model)) if value is not None}


@router.get(
    SESSION_PATH,
    operation_id="getAISession",
    response_model_exclude_unset=True,
    responses=error_responses({404: "Session not found"}),
)
async def get(
    organisation: Organisation, session_id: SessionId, store: CurrentStore, behaviours: CurrentBehaviours
) -> ChatSession:
    """Get a chat session with its messages."""
    session = store.get(organisation, session_id)
    behaviours.check_readable(session, store.now())
    return ChatSession(
        id=behaviours.view_id(session),
        messages=behaviours.view_messages(session),
        created_at=rfc3339(session.created_at),
        **_optional_fields(session.title, session.model),
    )


@router.put(
    SESSION_PATH,
    operation_id="updateAISession",
    response_model=UpdateResponse,
    responses=error_responses({400: "Invalid request", 404: "Session not found", 500: "Failed to update session"}),
)
async def update(
    organisation: Organisation,
    session_id: UuidSessionId,
    body: UpdateRequest,
    store: CurrentStore,
    behaviours: CurrentBehaviours,
) -> UpdateResponse | Response:
    """Append messages, add tokens, set metadata and status."""
    behaviours.check_fields(body)
    with store.edit(organisation, session_id) as session:
        now = store.now()
        behaviours.check_live(session, now)
        _apply_update(body, session, behaviours)
        session.updated_at = now
    if behaviours.no_content:
        return Response(status_code=204)
    return UpdateResponse(
        session_id=session.id,
        status=session.status,
        total_messages=len(session.messages),
        total_tokens=session.total_tokens,
        updated_at=rfc3339(session.updated_at),
    )


def _apply_update(body: UpdateRequest, session: SessionRow, behaviours: Behaviours) -> None:
    """Change what the request holds, and nothing else."""
    session.append([message.to_stored() for message in body.new_messages])
    # Capped, not rejected: the sum depends on earlier requests.
    session.total_tokens = min(session.total_tokens + body.tokens_used, MAX_TOKENS)
    if "status" in body.model_fields_set:
        behaviours.check_status(session, body.status)
        session.status = body.status
    if "metadata" in body.model_fields_set:
        session.metadata = behaviours.update_metadata(session.metadata, body.metadata)


@router.put(
    f"{SESSION_PATH}/extend",
    operation_id="extendAISession",
    responses=error_responses({400: "Invalid request", 404: "Session not found", 500: "Failed to extend session"}),
)
async def extend(
    organisation: Organisation,
    session_id: UuidSessionId,
    store: CurrentStore,
    behaviours: CurrentBehaviours,
    body: Annotated[ExtendRequest, Body(default_factory=ExtendRequest)],
) -> ExtendResponse:
    """Extend a live session, counted from its current expiry by default."""
    behaviours.check_fields(body)
    minutes = body.additional_minutes
    with store.edit(organisation, session_id) as session:
        now = store.now()
        behaviours.check_live(session, now)
        session.expires_at = behaviours.extend(session, minutes, now)
        session.updated_at = now
    return ExtendResponse(
        session_id=session.id,
        expires_at=rfc3339(session.expires_at),
        message=f"Session extended by {minutes} minutes",
    )


@router.delete(
    SESSION_PATH,
    operation_id="deleteAISession",
    response_model=DeleteResponse,
    responses=error_responses({500: "Failed to delete session"}),
)
async def delete(
    organisation: Organisation, session_id: SessionId, store: CurrentStore, behaviours: CurrentBehaviours
) -> DeleteResponse | Response:
    """Delete a chat session."""
    if not store.delete(organisation, session_id, expired=behaviours.expired == "lingering"):
        behaviours.check_delete_missing()
    if behaviours.no_content:
        return Response(status_code=204)
    return DeleteResponse(message="Session deleted successfully")
