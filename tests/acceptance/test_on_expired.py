"""``on_expired`` on the real engine, after the clock or a refresh noticed the expiry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from quant_sessions_provider import Session
from tests.acceptance.expiry_rows import REPLACED
from tests.support.ageing import age

if TYPE_CHECKING:
    from tests.acceptance.conftest import NewStack
    from tests.support.emulator_server import Emulator
    from tests.support.engine import Stack

ON_BOTH_HOSTS = True


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
    for _ in ("by the clock", "after a refresh that got a 404"):
        for run in (stack.preview(), stack.up()):
            assert run.failed
            assert run.refusal("desk") == line
            assert "Traceback" not in run.text
        assert not stack.refresh().failed
        assert stack.resources()["desk"]["outputs"]["expired"] is True
    urn = stack.resources()["desk"]["urn"]
    assert stack.up(replace=[urn]).ops("desk") == REPLACED
    assert stack.preview().ops("desk") == ["same"]
    age(stack, emulator, {"desk": 61})
    assert not stack.destroy().failed


@pytest.mark.parametrize(("policy", "ops"), [("recreate", REPLACED), ("ignore", ["same"])])
def test_a_404_in_refresh_has_the_same_effect_as_the_clock(
    new_stack: NewStack, emulator: Emulator, policy: str, ops: list[str]
) -> None:
    stack = _one(new_stack, user_id=policy, on_expired=policy)
    age(stack, emulator, {"desk": 61})
    assert not stack.refresh().failed
    resource = stack.resources()["desk"]
    assert resource["outputs"]["expired"] is True
    emulator.clear()
    assert stack.preview().ops("desk") == ops
    asked = [(request["method"], request["query"].get("userId")) for request in emulator.requests()]
    assert asked == ([] if policy == "ignore" else [("GET", None), ("GET", policy)]), "the refresh's 404 proves nothing"
    assert stack.up().ops("desk") == ops
    assert (stack.resources()["desk"]["id"] == resource["id"]) == (policy == "ignore")
    assert stack.preview().ops("desk") == ["same"]
