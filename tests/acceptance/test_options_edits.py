"""Resource options with an edited program, on the real engine. All rows share one stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from quant_sessions_provider import Session
from tests.acceptance.conftest import ORGANIZATION
from tests.acceptance.option_rows import HOOK_RAN, LOSS_QUERY, REPLACE, ROWS, SAME
from tests.acceptance.wire import Sent, requests_of
from tests.support.minutes import created, foretold

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.acceptance.conftest import Host, NewStack
    from tests.acceptance.option_rows import Row
    from tests.support.engine import Run
    from tests.support.minutes import Late
    from tests.support.service import Service

pytestmark = pytest.mark.live


def _program(side: str) -> None:
    made: dict[str, pulumi.Resource] = {"component": pulumi.ComponentResource("acceptance:index:Desk", "component")}
    for name, row in ROWS.items():
        declared = row.before if side == "before" else row.after
        if declared is not None:
            of = row.options if side == "before" else row.options_after or row.options
            called = (row.was if side == "before" else "") or name
            made[name] = Session(called, opts=of(made), **{"user_id": name, **declared})


@dataclass(frozen=True)
class Walk:
    """Results of the runs of the shared stack."""

    ids: dict[str, str]
    first: Run
    young: dict[str, dict[str, Any]]
    created: list[dict[str, Any]]
    preview: Run
    preview_requests: list[dict[str, Any]]
    up: Run
    up_requests: list[dict[str, Any]]
    state: dict[str, dict[str, Any]]
    quiet: Run
    left: set[str]


@pytest.fixture(scope="module")
def walk(new_stack: NewStack, service: Service) -> Walk:
    stack = new_stack(lambda: _program("before"))
    first = stack.up()
    assert not first.failed
    creations, young = service.requests(clear=True), stack.resources()
    ids = {name: resource["id"] for name, resource in young.items()}
    stack.program = lambda: _program("after")
    preview, preview_requests = stack.preview(diff=True), service.requests(clear=True)
    up, up_requests = stack.up(), service.requests(clear=True)
    state = stack.resources()
    quiet = stack.preview()
    assert service.requests(clear=True) == []
    assert not stack.destroy().failed
    left = {session["id"] for session in service.sessions(ORGANIZATION)}
    return Walk(ids, first, young, creations, preview, preview_requests, up, up_requests, state, quiet, left)


def _id(walk: Walk, name: str) -> str:
    return walk.ids[ROWS[name].was or name]


def _sent(walk: Walk, requests: list[dict[str, Any]], name: str) -> Sent:
    return requests_of(requests, _id(walk, name), {"user_id": name, **(ROWS[name].after or {})}["user_id"])


def _said(row: Row, host: Host) -> str | Callable[[Late], str]:
    """Return the sentence. The plugin creates in a preview too, but is not told why the engine replaces."""
    if host == "plugin" and row.ops == REPLACE:
        return row.said_by_the_plugin or row.said or "lives 60 minutes, until about "
    return row.said


@pytest.mark.parametrize("name", ROWS)
def test_preview_and_up_show_the_same(walk: Walk, host: Host, name: str) -> None:
    row = ROWS[name]
    sentence = _said(row, host)
    for run in (walk.preview, walk.up):
        assert not run.failed
        assert run.ops(name) == row.ops
        step = next(step for step in run.steps if step.name == name and step.op != "delete-replaced")
        assert set(step.changes) == row.changes
        assert step.keys == row.keys
        said = run.said(name)
        assert len(said) == bool(sentence)
        if said:
            may_say = foretold(sentence, run, created(walk.young[row.was or name]["inputs"], walk.first))
            assert said[0].startswith(tuple(f"{name}: {one}" for one in may_say))


@pytest.mark.parametrize("name", ROWS)
def test_exactly_the_planned_requests_are_sent(walk: Walk, name: str) -> None:
    assert _sent(walk, walk.up_requests, name) == ROWS[name].sent


@pytest.mark.parametrize("name", ROWS)
def test_only_a_replacement_by_a_changed_property_reports_a_loss(walk: Walk, name: str) -> None:
    said = ROWS[name].said
    reports_loss = isinstance(said, str) and "replacing it loses" in said
    assert _sent(walk, walk.preview_requests, name) == (LOSS_QUERY if reports_loss else [])
    for run in (walk.preview, walk.up):
        assert not [line for line in run.said() if _id(walk, name) in line]


@pytest.mark.parametrize("name", ROWS)
def test_the_next_plan_is_empty(walk: Walk, name: str) -> None:
    assert walk.quiet.ops(name) == ([] if ROWS[name].after is None else SAME)
    if name in walk.state:
        assert (walk.state[name]["id"] != _id(walk, name)) == ("replace" in ROWS[name].ops)


@pytest.mark.parametrize("name", ["depending", "inner"])
def test_dependent_sessions_are_created_later(walk: Walk, name: str) -> None:
    order = [request["body"]["userId"] for request in walk.created]
    assert order.index("first") < order.index(name)


def test_hooks_of_the_program_run(walk: Walk) -> None:
    for run in (walk.preview, walk.up):
        assert run.said().count(f"{HOOK_RAN} for hooked") == 2


def test_hide_diffs_hides_values(walk: Walk) -> None:
    assert "~ metadata (hidden)" in walk.preview.text
    assert "~ expiresAt (hidden)" in walk.preview.text


def test_additional_secret_outputs_are_secret_and_the_title_stays_secret(walk: Walk, host: Host) -> None:
    secret = walk.state["secret"]
    assert isinstance(secret["outputs"]["createdAt"], dict)
    assert isinstance(secret["outputs"]["expiresAt"], str)
    # The plugin says with each title that it is secret.
    also = {"title"} if host == "dynamic" else set()
    assert set(secret["additionalSecretOutputs"]) == {"createdAt", "totalMessages"} | also


def test_state_has_the_applied_value_of_ignored_properties(walk: Walk) -> None:
    assert walk.state["ignored-minutes"]["inputs"]["expirationMinutes"] == 60
    assert walk.state["ignored-expiry"]["inputs"]["expirationMinutes"] == 120
    assert walk.state["ignored-user"]["inputs"]["userId"] == "ignored-user"


def test_retained_sessions_stay_in_the_api(walk: Walk) -> None:
    kept = {name: {walk.ids[name]} for name in ("retained", "retained-removed", "deleted-with")}
    kept["retained"].add(walk.state["retained"]["id"])
    kept["deleted-with"].add(walk.state["deleted-with"]["id"])
    assert walk.left == set().union(*kept.values())
