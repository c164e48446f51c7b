"""``on_expired`` on the real engine, after the clock or a refresh noticed the expiry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quant_sessions_provider import OnExpired, Session
from tests.acceptance.expiry_rows import REPLACED
from tests.support.ageing import age

if TYPE_CHECKING:
    from tests.acceptance.conftest import NewStack
    from tests.support.emulator_server import Emulator
    from tests.support.engine import Run, Stack


def _one(new_stack: NewStack, **declared: Any) -> Stack:  # noqa: ANN401 - any properties
    stack = new_stack(lambda: (Session("desk", **{"user_id": "u", **declared}), None)[1])
    assert not stack.up().failed
    return stack


def test_error_fails_preview_and_up_but_not_refresh_and_destroy(new_stack: NewStack, emulator: Emulator) -> None:
    stack = _one(new_stack, on_expired="error")
    session = stack.resources()["desk"]["id"]
    age(stack, emulator, {"desk": 61})
    expiry = stack.resources()["desk"]["inputs"]["expiresAt"]
    line = (
        f"session {session} expired at {expiry} and onExpired is error: `pulumi up --replace` with"
        " its URN starts a new one from the declared messages, `onExpired: ignore` leaves it as it is"
    )
    for run in (stack.preview(), stack.up()):
        _must_refuse(run, line)
    assert not stack.refresh().failed
    assert stack.resources()["desk"]["outputs"]["expired"] is True
    _must_refuse(stack.preview(), line)
    urn = stack.resources()["desk"]["urn"]
    assert stack.up(replace=[urn]).ops("desk") == REPLACED
    age(stack, emulator, {"desk": 61})
    assert not stack.destroy().failed


def _must_refuse(run: Run, line: str) -> None:
    assert run.failed
    assert run.refusal("desk") == line
    assert "Traceback" not in run.text


def test_a_404_in_refresh_has_the_same_effect_as_the_clock(new_stack: NewStack, emulator: Emulator) -> None:
    policies: dict[OnExpired, list[str]] = {"recreate": REPLACED, "ignore": ["same"]}

    def program() -> None:
        for policy in policies:
            Session(policy, user_id=policy, on_expired=policy)

    stack = new_stack(program)
    assert not stack.up().failed
    age(stack, emulator, dict.fromkeys(policies, 61))
    assert not stack.refresh().failed
    before = stack.resources()
    assert [one["outputs"]["expired"] for one in before.values()] == [True, True]
    emulator.clear()
    plan = stack.preview()
    asked = [(request["method"], request["query"].get("userId")) for request in emulator.requests()]
    assert asked == [("GET", None), ("GET", "recreate")], "the refresh's 404 proves nothing"
    up, after, quiet = stack.up(), stack.resources(), stack.preview()
    for policy, ops in policies.items():
        assert plan.ops(policy) == up.ops(policy) == ops
        assert (after[policy]["id"] == before[policy]["id"]) == (policy == "ignore")
        assert quiet.ops(policy) == ["same"]
