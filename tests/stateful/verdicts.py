"""What must be true after a successful run, under each behaviour of the API."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.model import MAX_LIFETIME
from quant_sessions_provider.core.state import GRANT_TOLERANCE, Expiry
from tests.support.mini_engine import check_sentence

if TYPE_CHECKING:
    from tests.stateful.world import World
    from tests.support.mini_engine import Plan
    from tests.support.mini_host import State

Declared = dict[str, Any]
Requests = list[dict[str, Any]]

SLACK = timedelta(seconds=90)
"""Extensions are whole minutes. The rest is for slow machines."""


def shown_is_sent(plan: Plan, sent: Requests, world: World) -> None:
    """Assert that the plan announces exactly the requests that were sent."""
    writes = [request for request in sent if request["method"] != "GET"]
    made = ["POST"] + ["PUT"] * (plan.inputs["status"] == "completed")
    if plan.op == "same":
        assert sent == []
    elif plan.op == "create":
        assert [w["method"] for w in writes] == made
    elif plan.op == "replace":
        assert [w["method"] for w in writes] == [*made, "DELETE"]
    else:
        again = [w for w in writes if w["path"].endswith("/extend")][1:]
        check_sentence(plan.sentence, [w for w in writes if w not in again])
        # One exception: if the API seems to count an extension from now, a second request extends by the rest.
        assert not again or world.has(extendFrom="now") or world.has(cap="cut") or world.grant < 0


def dropped_keys_are_reported(plan: Plan, old: State, declared: Declared) -> None:
    """Assert that the sentence mentions metadata keys that are no longer declared."""
    if plan.op == "update":
        dropped = set(old.outputs.get("metadata", {})) - set(declared.get("metadata", {}))
        count = f"without {len(dropped)} key{'' if len(dropped) == 1 else 's'} (the API does not state"
        assert (count in plan.sentence) if dropped else ("without" not in plan.sentence)


def inputs_are_those_declared(state: State, declared: Declared) -> None:
    """Assert that state has a lifetime exactly where no timestamp is declared."""
    assert ("expirationMinutes" in state.inputs) == ("expiresAt" not in declared)


def the_api_has_the_declared_values(world: World, declared: Declared, metadata_before: dict[str, Any]) -> None:
    """Assert that the API has the declared values. If it merges metadata, old keys stay."""
    assert world.engine.state
    session = world.stored()[world.engine.state.id]
    wanted = declared.get("metadata", {})
    assert session["metadata"] == ({**metadata_before, **wanted} if world.has(metadata="merge") else wanted)
    assert session["userId"] == declared["userId"]
    assert session.get("sessionGroup") == declared.get("sessionGroup")
    assert session["status"] == declared.get("status", "active")
    rest = iter(session["messages"])
    assert all(any(message == wanted for message in rest) for wanted in declared.get("messages", []))


def state_has_the_expiry(world: World) -> None:
    """Assert that state has the session's expiry."""
    assert world.engine.state
    ends = timestamps.parse(world.stored()[world.engine.state.id]["expiresAt"])
    known = Expiry.of(world.outputs).known
    assert abs(ends - timestamps.parse(world.outputs["grantedExpiresAt"])) < SLACK
    assert known is not None
    assert abs(ends - known) < GRANT_TOLERANCE + SLACK
    assert abs(ends - world.skew - known) < SLACK or not world.grants_what_is_asked()


def the_expiry_is_as_planned(world: World) -> None:
    """Assert that the session has the planned expiry, or the latest one that the API allows."""
    assert world.engine.state
    session = world.stored()[world.engine.state.id]
    asked = timestamps.parse(world.outputs["expiresAt"]) + world.skew
    latest = timestamps.parse(session["createdAt"]) + timedelta(minutes=MAX_LIFETIME)
    possible = min(asked, latest) if world.has(cap="cut") else asked
    if world.has(cap="refuse", extendFrom="now") and asked > latest:
        # The first request took effect and the second was refused. `a_short_grant_is_reported` checks the message.
        return
    # A refused extension from now is undone to within a minute.
    undone = timedelta(minutes=1) if world.has(cap="refuse", extendFrom="now") else timedelta()
    assert abs(timestamps.parse(session["expiresAt"]) - possible) < SLACK + undone


def a_short_grant_is_reported(world: World, plan: Plan, sent: Requests) -> None:
    """Assert that the run reports a short grant, and only if it requested one."""
    assert world.engine.state
    asked = any(request["method"] == "POST" or request["path"].endswith("/extend") for request in sent)
    reported = "it: asked to live until" in world.engine.said
    assert reported == (asked and Expiry.of(world.outputs).granted_less), (plan.op, world.engine.said)


def a_second_plan_is_empty(world: World, declared: Declared) -> None:
    """Assert that a second plan is empty. After a short grant a renewal may be due, but never a replacement."""
    world.emulator.clear()
    plan = world.engine.preview(declared)
    if Expiry.of(world.outputs).granted_less:
        assert plan.op in ("same", "update")
    else:
        assert (plan.op, world.emulator.requests(clear=True)) == ("same", [])
