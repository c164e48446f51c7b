"""What must hold of a run that went well, under each behaviour of the API."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.messages import occur_in_order
from quant_sessions_provider.core.model import MAX_LIFETIME
from quant_sessions_provider.core.state import GRANT_TOLERANCE, Expiry
from tests.support.mini_engine import check_sentence

if TYPE_CHECKING:
    from tests.stateful.world import World
    from tests.support.mini_engine import Plan, State

Declared = dict[str, Any]
Requests = list[dict[str, Any]]

SLACK = timedelta(seconds=90)
"""Extensions are whole minutes; the rest is for a slow machine."""


def shown_is_sent(plan: Plan, sent: Requests, world: World) -> None:
    """Hold the plan against the requests."""
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
        # One exception: where the API seems to count an extension from now, the rest is asked for in a second request.
        assert not again or world.has(extendFrom="now") or world.has(cap="cut") or world.grant < 0


def dropped_keys_are_told(plan: Plan, old: State, declared: Declared) -> None:
    """Hold the sentence against what it says of metadata that is no longer declared."""
    if plan.op == "update":
        dropped = set(old.outputs.get("metadata", {})) - set(declared.get("metadata", {}))
        count = f"without {len(dropped)} key{'' if len(dropped) == 1 else 's'} (the API does not state"
        assert (count in plan.sentence) if dropped else ("without" not in plan.sentence)


def the_api_holds_what_is_declared(world: World, declared: Declared, metadata_before: dict[str, Any]) -> None:
    """Hold the session against the program; where the API merges metadata, keys from before stay."""
    assert world.engine.state
    session = world.stored()[world.engine.state.id]
    wanted = declared.get("metadata", {})
    assert session["metadata"] == ({**metadata_before, **wanted} if world.has(metadata="merge") else wanted)
    assert session["userId"] == declared["userId"]
    assert session.get("sessionGroup") == declared.get("sessionGroup")
    assert session["status"] == declared.get("status", "active")
    assert occur_in_order(declared.get("messages", []), session["messages"])


def state_tells_the_expiry(world: World) -> None:
    """Hold state's expiry against the session's."""
    assert world.engine.state
    ends = timestamps.parse(world.stored()[world.engine.state.id]["expiresAt"])
    known = Expiry.of(world.outputs).known
    assert abs(ends - timestamps.parse(world.outputs["grantedExpiresAt"])) < SLACK
    assert known is not None
    assert abs(ends - known) < GRANT_TOLERANCE + SLACK


def it_lives_as_long_as_was_asked(world: World) -> None:
    """Hold the session's end against what was planned: the same wherever an extension counts from, or the cap."""
    assert world.engine.state
    session = world.stored()[world.engine.state.id]
    asked = timestamps.parse(world.outputs["expiresAt"]) + world.skew
    latest = timestamps.parse(session["createdAt"]) + timedelta(minutes=MAX_LIFETIME)
    possible = min(asked, latest) if world.has(cap="cut") else asked
    if world.has(cap="refuse", extendFrom="now") and asked > latest:
        # The first request counted as far as it went, and the rest was refused; `a_short_grant_is_told` holds the line.
        return
    # Counted from now, a refused extension is undone to the whole minute.
    undone = timedelta(minutes=1) if world.has(cap="refuse", extendFrom="now") else timedelta()
    assert abs(timestamps.parse(session["expiresAt"]) - possible) < SLACK + undone


def a_short_grant_is_told(world: World, plan: Plan, sent: Requests) -> None:
    """Hold what the run said against what was granted, where it asked for any."""
    assert world.engine.state
    asked = any(request["method"] == "POST" or request["path"].endswith("/extend") for request in sent)
    told = f"session {world.engine.state.id}: asked to live until" in world.engine.said
    assert told == (asked and Expiry.of(world.outputs).granted_less), (plan.op, world.engine.said)


def a_second_plan_is_empty(world: World, declared: Declared) -> None:
    """Plan once more; where less was granted than asked, a renewal may be due at once, never a replacement."""
    world.emulator.clear()
    plan = world.engine.preview(declared)
    if Expiry.of(world.outputs).granted_less:
        assert plan.op in ("same", "update")
    else:
        assert (plan.op, world.emulator.requests(clear=True)) == ("same", [])
