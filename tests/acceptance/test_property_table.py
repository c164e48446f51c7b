"""Changes of each property on the real engine: the plan, the requests and the state.

A run of the engine takes seconds, so all rows share one stack.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from quant_sessions_provider import Session
from quant_sessions_provider.core import timestamps
from tests.acceptance.property_rows import ROWS
from tests.acceptance.wire import Sent, requests_of
from tests.support.minutes import SECOND, created, foretold

if TYPE_CHECKING:
    from datetime import datetime

    from tests.acceptance.conftest import Host, NewStack
    from tests.support.engine import Run
    from tests.support.service import Service

pytestmark = pytest.mark.live


@dataclass(frozen=True)
class Walk:
    """Results of the runs of the shared stack."""

    first: Run
    created: list[dict[str, Any]]
    ids: dict[str, str]
    made: dict[str, datetime]
    unchanged: tuple[Run, Run]
    unchanged_requests: list[dict[str, Any]]
    preview: Run
    preview_requests: list[dict[str, Any]]
    up: Run
    up_requests: list[dict[str, Any]]
    state: dict[str, dict[str, Any]]
    quiet: Run
    quiet_requests: list[dict[str, Any]]


def _program(side: str) -> None:
    for name, row in ROWS.items():
        Session(name, **{"user_id": name, **getattr(row, side)})


@pytest.fixture(scope="module")
def walk(new_stack: NewStack, service: Service) -> Walk:
    stack = new_stack(lambda: _program("before"))
    first = stack.up()
    assert not first.failed
    creations, young = service.requests(clear=True), stack.resources()
    ids = {name: resource["id"] for name, resource in young.items()}
    made = {name: created(resource["inputs"], first) for name, resource in young.items()}
    unchanged = stack.preview(), stack.up()
    unchanged_requests = service.requests(clear=True)
    stack.program = lambda: _program("after")
    preview, preview_requests = stack.preview(), service.requests(clear=True)
    up, up_requests = stack.up(), service.requests(clear=True)
    state = stack.resources()
    quiet, quiet_requests = stack.preview(), service.requests(clear=True)
    assert not stack.destroy().failed
    return Walk(
        first,
        creations,
        ids,
        made,
        unchanged,
        unchanged_requests,
        preview,
        preview_requests,
        up,
        up_requests,
        state,
        quiet,
        quiet_requests,
    )


def _sent(walk: Walk, requests: list[dict[str, Any]], name: str) -> Sent:
    return requests_of(requests, walk.ids[name], {"user_id": name, **ROWS[name].after}["user_id"])


def test_creating_is_one_post_and_a_put_only_to_complete(walk: Walk) -> None:
    methods = sorted(request["method"] for request in walk.created)
    assert methods == ["POST"] * len(ROWS) + ["PUT"]
    assert {request["status"] for request in walk.created} == {200, 201}


def test_a_second_run_changes_nothing_and_sends_nothing(walk: Walk) -> None:
    for run in walk.unchanged:
        assert {step.op for step in run.steps} == {"same"}
        assert run.messages == []
    assert walk.unchanged_requests == []


def _property(path: str) -> str:
    return re.split(r"[.\[]", path)[0]


@pytest.mark.parametrize("name", ROWS)
def test_the_preview_shows_exactly_what_changes(walk: Walk, host: Host, name: str) -> None:
    row = ROWS[name]
    # The plugin also says which of the changed paths replace the session.
    replacing = tuple(row.keys) if host == "plugin" else ()
    changes = {path: f"{kind}-replace" if _property(path) in replacing else kind for path, kind in row.changes.items()}
    for run in (walk.preview, walk.up):
        steps = [step for step in run.steps if step.name == name]
        if row.keys:
            assert [step.op for step in steps] == ["create-replacement", "replace", "delete-replaced"]
        else:
            assert [step.op for step in steps] == ["update" if row.changes else "same"]
        assert steps[0].changes == changes
        assert steps[0].keys == row.keys


@pytest.mark.parametrize("name", ROWS)
def test_preview_and_up_announce_what_is_sent(walk: Walk, name: str) -> None:
    row = ROWS[name]
    assert _sent(walk, walk.up_requests, name) == row.sent
    for run in (walk.preview, walk.up):
        said, may_say = run.said(name), foretold(row.said, run, walk.made[name])
        may_say = [row.loss] if row.loss else may_say
        assert len(said) == (row.said is not None or row.loss is not None)
        assert all(text.startswith(tuple(f"{name}: {one}" for one in may_say)) for text in said)
        assert not [text for text in run.said() if walk.ids[name] in text]


@pytest.mark.parametrize("name", ROWS)
def test_a_preview_sends_a_get_only_for_a_replacement(walk: Walk, name: str) -> None:
    asked = _sent(walk, walk.preview_requests, name)
    assert asked == ([("GET", "/ID", None)] if ROWS[name].keys else [])


@pytest.mark.parametrize("name", ROWS)
def test_state_has_the_applied_inputs_and_the_response(walk: Walk, name: str, service: Service) -> None:
    row, resource = ROWS[name], walk.state[name]
    inputs, outputs = resource["inputs"], resource["outputs"]
    assert (resource["id"] != walk.ids[name]) == bool(row.keys)
    assert {key: outputs[key] for key in inputs} == inputs
    assert outputs["baseUrl"] == service.url
    assert outputs["expired"] is False
    # expiresAt has whole seconds, and the API counts from a later time in the run that created the session.
    granted, asked = (timestamps.parse(outputs[key]) for key in ("grantedExpiresAt", "expiresAt"))
    run = walk.up if row.keys else walk.first
    assert timedelta() <= granted - asked <= run.ended - run.began + SECOND


def test_the_next_plan_is_empty(walk: Walk) -> None:
    assert {step.op for step in walk.quiet.steps} == {"same"}
    assert walk.quiet_requests == []
