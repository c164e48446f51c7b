"""QuantCDN's own Python client against the emulator: another implementation of the same description."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from quantcdn.api.ai_sessions_api import AISessionsApi
from quantcdn.api_client import ApiClient
from quantcdn.configuration import Configuration
from quantcdn.exceptions import BadRequestException, NotFoundException, ServiceException, UnauthorizedException
from quantcdn.models.create_ai_session_request import CreateAISessionRequest
from quantcdn.models.create_ai_session_request_initial_messages_inner import (
    CreateAISessionRequestInitialMessagesInner,
)
from quantcdn.models.extend_ai_session_request import ExtendAISessionRequest
from quantcdn.models.update_ai_session_request import UpdateAISessionRequest
from quantcdn.models.update_ai_session_request_new_messages_inner import UpdateAISessionRequestNewMessagesInner

from tests.emulator.calls import ORGANISATION, stored
from tests.support.emulator_server import Emulator


def connected(emulator: Emulator, token: str) -> Iterator[AISessionsApi]:
    with ApiClient(Configuration(host=emulator.url, access_token=token)) as api:
        yield AISessionsApi(api)
        api.rest_client.pool_manager.clear()  # the client leaves its connections open


@pytest.fixture
def client(emulator: Emulator) -> Iterator[AISessionsApi]:
    yield from connected(emulator, "official-token")


@pytest.fixture
def session_id(client: AISessionsApi) -> str:
    request = CreateAISessionRequest(
        userId="ada",
        sessionGroup="demo",
        metadata={"a": 1},
        expirationMinutes=30,
        initialMessages=[CreateAISessionRequestInitialMessagesInner(role="user", content="Hello")],
    )
    created = client.create_ai_session(ORGANISATION, request)
    assert created.status == "active"
    assert created.expires_at
    assert created.created_at
    assert created.expires_at - created.created_at == timedelta(minutes=30)
    return str(created.session_id)


def test_create(emulator: Emulator, session_id: str) -> None:
    whole = stored(emulator, session_id)
    assert (whole["userId"], whole["sessionGroup"], whole["metadata"]) == ("ada", "demo", {"a": 1})
    assert whole["messages"] == [{"role": "user", "content": "Hello"}]


def test_get(client: AISessionsApi, session_id: str) -> None:
    session = client.get_ai_session(ORGANISATION, session_id)
    assert (session.id, session.title, session.model) == (session_id, "Hello", "emulator")
    assert session.messages == [{"role": "user", "content": "Hello"}]
    assert session.created_at


def test_list(client: AISessionsApi, session_id: str) -> None:
    sessions = client.list_ai_sessions(
        ORGANISATION, user_id="ada", session_group="demo", limit=100, offset=0, model="emulator"
    )
    assert [session.id for session in sessions] == [session_id]
    assert sessions[0].updated_at
    assert client.list_ai_sessions(ORGANISATION, offset=1) == []


def test_update(emulator: Emulator, client: AISessionsApi, session_id: str) -> None:
    request = UpdateAISessionRequest(
        newMessages=[UpdateAISessionRequestNewMessagesInner(role="assistant", content="Good day")],
        tokensUsed=7,
        status="completed",
        metadata={"b": 2},
    )
    updated = client.update_ai_session(ORGANISATION, session_id, request)
    assert (str(updated.session_id), updated.status) == (session_id, "completed")
    assert (updated.total_messages, updated.total_tokens) == (2, 7)
    assert updated.updated_at
    assert stored(emulator, session_id)["metadata"] == {"b": 2}


def test_extend_with_and_without_a_body(client: AISessionsApi, session_id: str) -> None:
    first = client.extend_ai_session(ORGANISATION, session_id)
    request = ExtendAISessionRequest(additionalMinutes=15)
    second = client.extend_ai_session(ORGANISATION, session_id, request)
    assert second.message == "Session extended by 15 minutes"
    assert first.expires_at
    assert second.expires_at
    assert second.expires_at - first.expires_at == timedelta(minutes=15)


def test_delete(client: AISessionsApi, session_id: str) -> None:
    assert client.delete_ai_session(ORGANISATION, session_id).message == "Session deleted successfully"
    with pytest.raises(NotFoundException):
        client.get_ai_session(ORGANISATION, session_id)
    with pytest.raises(ServiceException):
        client.delete_ai_session(ORGANISATION, session_id)


def test_errors_raise_the_right_exception(emulator: Emulator, client: AISessionsApi) -> None:
    with pytest.raises(BadRequestException, match="userId"):
        client.create_ai_session(ORGANISATION, CreateAISessionRequest(userId=""))
    for stranger in connected(emulator, ""):
        with pytest.raises(UnauthorizedException):
            stranger.list_ai_sessions(ORGANISATION)
