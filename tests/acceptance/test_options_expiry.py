"""Resource options after an hour: which sessions are renewed, recreated or refused."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from pulumi import ResourceOptions

from quant_sessions_provider import Session
from tests.acceptance.conftest import ORGANIZATION
from tests.acceptance.wire import Sent, requests_of
from tests.support.ageing import age
from tests.support.engine import pulumi_command
from tests.support.minutes import created, foretold
from tests.support.sentences import NOTHING_LOST

if TYPE_CHECKING:
    from datetime import datetime

    from tests.acceptance.conftest import Host, NewStack
    from tests.support.emulator_server import Emulator
    from tests.support.engine import Run, Stack
    from tests.support.minutes import Late

pytestmark = pytest.mark.long

SYSTEM = {"role": "system", "content": "Be brief."}
HELLO = {"role": "user", "content": "Hello"}

Options = Callable[[Mapping[str, pulumi.Resource]], ResourceOptions]
REPLACE = ["create-replacement", "replace", "delete-replaced"]
ASKED: Sent = [("GET", "/ID", None), ("GET", "", None)]
GONE: Sent = [("DELETE", "/ID", None), *ASKED, ("GET", "", None)]
"""The new session is listed by then, so that the list has a second page, with nothing new."""
RECREATED = " and is gone; the new one lives until about "


def _options(**options: Any) -> Options:  # noqa: ANN401 - those of Pulumi
    return lambda _: ResourceOptions(**options)


def _post(user: str, minutes: int = 60, **body: Any) -> Sent:  # noqa: ANN401 - any JSON
    return [("POST", "", {"userId": user, "expirationMinutes": minutes, **body})]


@dataclass(frozen=True)
class Row:
    """A session with an option, its declaration an hour later, and the expected result."""

    options: Options
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    ops: list[str] = field(default_factory=lambda: REPLACE)
    changes: set[str] = field(default_factory=lambda: {"expiresAt"})
    keys: list[str] = field(default_factory=lambda: ["expiresAt"])
    asked: Sent = field(default_factory=lambda: ASKED)
    sent: Sent | Callable[[Late], Sent] = field(default_factory=list)
    noted: str = RECREATED


LONG: dict[str, Any] = {"expiration_minutes": 100, "renew_before_minutes": 59}
QUIET: dict[str, Any] = {"ops": ["same"], "changes": set(), "keys": [], "asked": [], "noted": ""}
ROWS = {
    "plain": Row(_options(), sent=_post("plain") + GONE),
    "kept": Row(_options(ignore_changes=["expiresAt"]), **QUIET),
    "kept-all": Row(_options(ignore_changes=["*"]), {}, {"metadata": {"v": 2}}, **QUIET),
    "kept-not-renewed": Row(_options(ignore_changes=["expiresAt"]), LONG, LONG, **QUIET),
    "kept-but-needed": Row(
        _options(ignore_changes=["expiresAt"]),
        {"metadata": {"v": 1}},
        {"metadata": {"v": 2}},
        changes={"metadata.v"},
        keys=["metadata"],
        sent=_post("kept-but-needed", metadata={"v": 2}) + GONE,
    ),
    "kept-but-replaced": Row(
        _options(ignore_changes=["expiresAt"]),
        {"session_group": "a"},
        {"session_group": "b"},
        changes={"sessionGroup"},
        keys=["sessionGroup"],
        sent=[*_post("kept-but-replaced", sessionGroup="b"), *GONE[:-1]],
        noted="sessionGroup changed: replacing it loses nothing: it is gone",
    ),
    "ignored-until-replaced": Row(
        _options(ignore_changes=["expirationMinutes", "metadata"]),
        {"metadata": {"v": 1}},
        {"metadata": {"v": 2}, "expiration_minutes": 90},
        sent=_post("ignored-until-replaced", 90, metadata={"v": 2}) + GONE,
    ),
    "other-messages": Row(
        _options(ignore_changes=["messages", "expiresAt"]), {"messages": [SYSTEM]}, {"messages": [SYSTEM]}, **QUIET
    ),
    "renewed": Row(
        _options(),
        LONG,
        LONG,
        ops=["update"],
        keys=[],
        asked=[],
        sent=lambda late: [("PUT", "/ID/extend", {"additionalMinutes": 62 + late.planned})],
        noted=" left: extends by ",
    ),
    "replaced-on-renewal": Row(
        _options(replace_on_changes=["expiresAt"]),
        LONG,
        LONG,
        asked=[("GET", "/ID", None)],
        sent=[*_post("replaced-on-renewal", 100), ("DELETE", "/ID", None)],
        noted=f"expiresAt changed: {NOTHING_LOST}",
    ),
    "replaced-on-renewal-by-star": Row(
        _options(replace_on_changes=["*"]),
        LONG,
        LONG,
        asked=[("GET", "/ID", None)],
        sent=[*_post("replaced-on-renewal-by-star", 100), ("DELETE", "/ID", None)],
        noted=f"expiresAt changed: {NOTHING_LOST}",
    ),
    "retained": Row(_options(retain_on_delete=True), sent=_post("retained")),
    "deleted-first": Row(
        _options(delete_before_replace=True),
        ops=["delete-replaced", "replace", "create-replacement"],
        sent=[*GONE[:-1], *_post("deleted-first")],
    ),
    "replaced-with": Row(
        lambda made: ResourceOptions(replace_with=[made["plain"]]),
        {"on_expired": "ignore"},
        {"on_expired": "ignore"},
        changes=set(),
        keys=["replaceWith"],
        asked=[],
        sent=_post("replaced-with") + GONE,
        noted="",
    ),
}


@dataclass(frozen=True)
class Walk:
    """Results of the runs of the shared stack."""

    ids: dict[str, str]
    made: dict[str, datetime]
    refresh: Run
    refreshed: Run
    preview: Run
    preview_requests: list[dict[str, Any]]
    up: Run
    up_requests: list[dict[str, Any]]
    quiet: Run


def _program(side: str) -> None:
    made: dict[str, pulumi.Resource] = {}
    for name, row in ROWS.items():
        made[name] = Session(name, opts=row.options(made), **{"user_id": name, **getattr(row, side)})


@pytest.fixture(scope="module")
def walk(new_stack: NewStack, emulator: Emulator) -> Walk:
    stack = new_stack(lambda: _program("before"))
    first = stack.up()
    assert not first.failed
    young = stack.resources()
    ids = {name: resource["id"] for name, resource in young.items()}
    made = {name: created(resource["inputs"], first) for name, resource in young.items()}
    emulator.tamper(ORGANIZATION, ids["other-messages"], [HELLO])
    refresh, refreshed = stack.refresh(), stack.preview()
    age(stack, emulator, dict.fromkeys(ROWS, 61))
    stack.program = lambda: _program("after")
    emulator.clear()
    preview, preview_requests = stack.preview(), emulator.requests(clear=True)
    up, up_requests = stack.up(), emulator.requests(clear=True)
    quiet = stack.preview()
    assert emulator.requests(clear=True) == []
    return Walk(ids, made, refresh, refreshed, preview, preview_requests, up, up_requests, quiet)


def _sent(walk: Walk, requests: list[dict[str, Any]], name: str) -> Sent:
    return requests_of(requests, walk.ids[name], name)


@pytest.mark.parametrize("name", ROWS)
def test_preview_and_up_show_the_same(walk: Walk, host: Host, name: str) -> None:
    row = ROWS[name]
    # The plugin creates in a preview too, but is not told why the engine replaces.
    noted = row.noted or ("lives 60 minutes" if host == "plugin" and row.ops == REPLACE else "")
    for run in (walk.preview, walk.up):
        assert not run.failed
        assert run.ops(name) == row.ops
        step = next(step for step in run.steps if step.name == name and step.op != "delete-replaced")
        assert set(step.changes) == row.changes
        assert step.keys == row.keys
        said = run.said(name)
        assert len(said) == bool(noted)
        assert all(text.startswith(f"{name}: ") and noted in text for text in said)


@pytest.mark.parametrize("name", ROWS)
def test_exactly_the_planned_requests_are_sent_and_the_next_plan_is_empty(walk: Walk, name: str) -> None:
    row = ROWS[name]
    assert _sent(walk, walk.preview_requests, name) == row.asked
    may_send = [row.asked + sent for sent in foretold(row.sent, walk.up, walk.made[name])]
    assert _sent(walk, walk.up_requests, name) in may_send
    assert walk.quiet.ops(name) == ["same"]


def test_a_refresh_that_finds_other_messages_says_and_plans_nothing(walk: Walk) -> None:
    assert walk.refresh.said("other-messages") == []
    assert {step.op for step in walk.refreshed.steps} == {"same"}


# --- protect: an expired session cannot be replaced, so the run fails ------------------------------------------

REFUSED = "as it is currently marked for protection. To unprotect the resource, remove the `protect` flag"


NAMES = {"ignore", "kept", "recreate", "other"}


def _protecting(*, recreate: bool) -> None:
    """Declare sessions that depend on each other, so that a failing run has handled the earlier ones."""
    ignore = Session("ignore", user_id="u", on_expired="ignore", opts=ResourceOptions(protect=True))
    kept = Session("kept", user_id="u", opts=ResourceOptions(protect=True, ignore_changes=["expiresAt"]))
    options = ResourceOptions(protect=recreate, depends_on=[ignore, kept])
    stops = Session("recreate", user_id="u", opts=options)
    Session("other", user_id="u", opts=ResourceOptions(depends_on=[stops]))


def _urn(stack: Stack, name: str) -> str:
    urn: str = stack.resources()[name]["urn"]
    return urn


@pytest.fixture(scope="module")
def protected(new_stack: NewStack, emulator: Emulator) -> Stack:
    stack = new_stack(lambda: _protecting(recreate=True))
    assert not stack.up().failed
    age(stack, emulator, dict.fromkeys(NAMES, 61))
    emulator.clear()
    return stack


def test_an_expired_protected_session_fails_every_run_until_it_is_unprotected(
    protected: Stack, emulator: Emulator
) -> None:
    stack = protected
    for run in (stack.preview(), stack.up()):
        assert run.failed
        assert any(REFUSED in text for text in run.said("recreate")), run.messages
        assert run.ops("ignore") == run.ops("kept") == ["same"]
    assert {request["method"] for request in emulator.requests(clear=True)} == {"GET"}

    excluding = stack.up(exclude=[_urn(stack, "recreate")])
    assert not excluding.failed
    assert excluding.ops("recreate") == ["same"]
    assert excluding.ops("other") == REPLACE

    stack.program = lambda: _protecting(recreate=False)
    assert stack.up().ops("recreate") == REPLACE
    stack.program = lambda: _protecting(recreate=True)
    emulator.clear()
    assert {step.op for step in stack.up().steps} == {"same"}
    assert emulator.requests() == []
    assert stack.resources()["recreate"]["protect"] is True


def test_a_protected_session_is_destroyed_only_after_it_is_unprotected(protected: Stack) -> None:
    destroy = protected.destroy()
    assert destroy.failed
    assert any("cannot be deleted\nbecause it is protected" in text for text in destroy.said("recreate"))
    assert set(protected.resources()) == NAMES - {"other"}
    _cli(protected, "state", "unprotect", "--all", "--yes", "--stack", "test")
    assert not protected.destroy().failed
    assert protected.resources() == {}


def _cli(stack: Stack, *arguments: str) -> None:
    environment = {**os.environ, **stack.workspace.env_vars}
    command = [pulumi_command().command, *arguments]
    subprocess.run(command, cwd=stack.home, env=environment, check=True, capture_output=True)  # noqa: S603 - the CLI under test
