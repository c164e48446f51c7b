"""The same steps with QuantCDN's own client, in a loop and in 4 threads."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final

from quantcdn.api.ai_sessions_api import AISessionsApi
from quantcdn.api_client import ApiClient
from quantcdn.configuration import Configuration
from quantcdn.models.create_ai_session_request import CreateAISessionRequest
from quantcdn.models.extend_ai_session_request import ExtendAISessionRequest
from quantcdn.models.update_ai_session_request import UpdateAISessionRequest

from benchmarks.api import TOKEN, running_api
from benchmarks.reading import Contestant, Reading, Step, Usage
from benchmarks.workload import FIRST_MINUTES, GROUP, LATER, LATER_MINUTES, METADATA, OPENING, ORGANIZATION, user

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from benchmarks.api import Api
    from benchmarks.plan import Entry

_THREADS: Final = {Contestant.LOOP: 1, Contestant.THREADS: 4}


def read_steps(entry: Entry) -> Generator[Reading]:
    """Run and measure the steps that the client supports: it has no previews."""
    with running_api() as api:
        yield from _read_steps(entry, api)


def _read_steps(entry: Entry, api: Api) -> Iterator[Reading]:
    client = ApiClient(Configuration(host=api.url, access_token=TOKEN))
    sessions = AISessionsApi(client)
    calls: dict[Step, Callable[[str], object]] = {
        Step.CREATE: partial(_create, sessions),
        Step.REFRESH: partial(sessions.get_ai_session, ORGANIZATION),
        Step.EXTEND: partial(_extend, sessions),
        Step.APPEND: partial(_append, sessions),
        Step.DESTROY: partial(sessions.delete_ai_session, ORGANIZATION),
    }
    ids: list[str] = []
    with ThreadPoolExecutor(_THREADS[entry.contestant]) as pool:
        for step, case in entry.steps:
            api.set_latency(case.latency_ms)
            start, cpu = time.perf_counter(), time.process_time()
            answers = [*pool.map(calls[step], ids or map(user, range(case.sessions)))]
            usage = Usage(time.perf_counter() - start, program_cpu=time.process_time() - cpu)
            ids = ids or [str(answer) for answer in answers]
            yield Reading(entry.contestant, step, case, usage, api.traffic())
    client.rest_client.pool_manager.clear()


def _create(sessions: AISessionsApi, name: str) -> str:
    request = {
        "userId": name,
        "sessionGroup": GROUP,
        "metadata": METADATA,
        "expirationMinutes": FIRST_MINUTES,
        "initialMessages": OPENING,
    }
    return str(sessions.create_ai_session(ORGANIZATION, CreateAISessionRequest.model_validate(request)).session_id)


def _extend(sessions: AISessionsApi, session_id: str) -> object:
    request = {"additionalMinutes": LATER_MINUTES - FIRST_MINUTES}
    return sessions.extend_ai_session(ORGANIZATION, session_id, ExtendAISessionRequest.model_validate(request))


def _append(sessions: AISessionsApi, session_id: str) -> object:
    request = {"newMessages": LATER}
    return sessions.update_ai_session(ORGANIZATION, session_id, UpdateAISessionRequest.model_validate(request))
