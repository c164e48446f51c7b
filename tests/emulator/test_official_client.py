"""QuantCDN's own Python client against the emulator: somebody else's reading of the same description."""

import warnings
from collections.abc import Iterator

import pytest

from tests.emulator.calls import ORGANISATION, moment, stored
from tests.emulator_server import Emulator

import quantcdn
from quantcdn.api.ai_sessions_api import AISessionsApi


@pytest.fixture
def client(emulator: Emulator) -> Iterator[AISessionsApi]:
    configuration = quantcdn.Configuration(host=emulator.url, access_token="official-token")
    with quantcdn.ApiClient(configuration) as api:
        yield AISessionsApi(api)
        api.rest_client.pool_manager.clear()


def test_all_six_operations(emulator: Emulator, client: AISessionsApi) -> None:
    created = client.create_ai_session(
        ORGANISATION,
        quantcdn.CreateAISessionRequest(
            user_id="ada",
            session_group="demo",
            metadata={"a": 1},
            expiration_minutes=30,
            initial_messages=[
                quantcdn.CreateAISessionRequestInitialMessagesInner(role="user", content="Hello"),
            ],
        ),
    )
    session_id = created.session_id
    print(created)
