"""The API grants less or more than requested, or refuses: state is correct, and errors say what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from quant_sessions_provider import OnExpired, Session
from quant_sessions_provider.core import timestamps
from tests.acceptance.conftest import ORGANIZATION
from tests.support.ageing import age
from tests.support.minutes import MINUTE, created, extends, foretold, minutes_to_cover

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tests.acceptance.conftest import NewStack
    from tests.support.emulator_server import Emulator
    from tests.support.engine import Stack

REPLACED = ["create-replacement", "replace", "delete-replaced"]
REPLACE_HINT = "`pulumi up --replace` with its URN starts a new one from the declared messages"


@pytest.fixture(autouse=True)
def _reset_behaviours(emulator: Emulator) -> Iterator[None]:
    yield
    emulator.reset_behaviours()
    emulator.clear_faults()


def _one(new_stack: NewStack, declared: dict[str, Any], **environment: str) -> Stack:
    return new_stack(lambda: (Session("desk", **{"user_id": "u", **declared}), None)[1], **environment)


def _timestamp(stack: Stack, key: str) -> datetime:
    return timestamps.parse(stack.resources()["desk"]["outputs"][key])


def _refresh_silently(stack: Stack) -> None:
    refresh = stack.refresh()
    assert not refresh.failed
    assert refresh.said("desk") == []


def test_a_short_grant_is_renewed_by_its_granted_expiry(new_stack: NewStack, emulator: Emulator) -> None:
    stack = _one(new_stack, {"expiration_minutes": 120, "renew_before_minutes": 15})
    emulator.behave(grantOffsetMinutes=-60)
    first = stack.up()
    assert not first.failed
    emulator.reset_behaviours()
    planned, made = created(stack.resources()["desk"]["inputs"], first), _timestamp(stack, "createdAt")
    assert planned <= made <= first.ended
    assert _timestamp(stack, "grantedExpiresAt") == made + 60 * MINUTE
    by = minutes_to_cover(planned + 60 * MINUTE - made)

    age(stack, emulator, {"desk": 40})
    assert stack.preview().ops("desk") == ["same"]
    age(stack, emulator, {"desk": 10})
    emulator.clear()
    for run in (stack.preview(), stack.up()):
        assert (run.ops("desk"), run.step("desk").changes) == (["update"], {})
        assert run.said("desk")[0].startswith(tuple(foretold(extends(9, by=by, first="desk: "), run, made)))
    (extend,) = emulator.requests(clear=True)
    assert extend["body"] == {"additionalMinutes": by}
    assert stack.preview().ops("desk") == ["same"]


def test_a_short_grant_that_has_passed_is_an_expiry(new_stack: NewStack, emulator: Emulator) -> None:
    policies: dict[OnExpired, list[str]] = {"recreate": REPLACED, "ignore": ["same"]}

    def program() -> None:
        for policy in policies:
            Session(policy, user_id=policy, expiration_minutes=120, on_expired=policy)

    stack = new_stack(program)
    emulator.behave(grantOffsetMinutes=-60)
    stack.up()
    emulator.reset_behaviours()
    age(stack, emulator, dict.fromkeys(policies, 61))
    plan, up, quiet = stack.preview(), stack.up(), stack.preview()
    for policy, ops in policies.items():
        assert plan.ops(policy) == up.ops(policy) == ops
        assert quiet.ops(policy) == ["same"]


def test_with_on_expired_error_a_passed_short_grant_fails_up_but_not_refresh(
    new_stack: NewStack, emulator: Emulator
) -> None:
    stack = _one(new_stack, {"expiration_minutes": 120, "on_expired": "error"})
    emulator.behave(grantOffsetMinutes=-60)
    stack.up()
    emulator.reset_behaviours()
    age(stack, emulator, {"desk": 61})
    assert not stack.refresh().failed
    up = stack.up()
    assert up.failed
    assert "onExpired is error" in up.refusal("desk")
    assert not stack.destroy().failed


def test_a_longer_grant_counts_as_the_expiry(new_stack: NewStack, emulator: Emulator) -> None:
    stack = _one(new_stack, {"expiration_minutes": 60})
    emulator.behave(grantOffsetMinutes=60)
    stack.up()
    emulator.reset_behaviours()
    session = stack.resources()["desk"]["id"]
    age(stack, emulator, {"desk": 61})
    granted = _timestamp(stack, "grantedExpiresAt")
    emulator.clear()
    up = stack.up()
    # Past what was asked, a new lifetime is asked for; the session is alive, and needs but the rest of it.
    assert up.ops("desk") == ["update"]
    planned = created(stack.resources()["desk"]["inputs"], up) + 60 * MINUTE
    rest = minutes_to_cover(planned - granted)
    assert [(r["method"], r["body"]) for r in emulator.requests()] == [("PUT", {"additionalMinutes": rest})]
    assert stack.resources()["desk"]["id"] == session


def test_what_of_an_update_took_effect_is_in_state_and_the_next_run_sends_the_rest(
    new_stack: NewStack, emulator: Emulator
) -> None:
    declared: dict[str, Any] = {"expiration_minutes": 60, "metadata": {"a": 1}}
    stack = _one(new_stack, declared)
    stack.up()
    before = stack.resources()["desk"]
    session = before["id"]
    declared |= {"expiration_minutes": 120, "metadata": {"a": 2}}
    emulator.fault("status", path="/extend$", status=400, body={"message": "not today"})
    up = stack.up()
    assert up.failed
    done = "the rest of this update took effect"
    line = f"extending session {session}: the API returned 400: not today; {done}; {REPLACE_HINT}"
    assert up.refusal("desk") == f"1 error occurred:\n\t* {line}"
    after = stack.resources()["desk"]
    assert after["initErrors"] == [line]
    kept = {key: before["outputs"][key] for key in ("expirationMinutes", "expiresAt", "grantedExpiresAt")}
    assert after["outputs"] == after["outputs"] | kept | {"metadata": {"a": 2}}

    for refreshed in (False, True):
        if refreshed:
            _refresh_silently(stack)
        preview = stack.preview()
        assert preview.ops("desk") == ["update"]
        (sentence,) = preview.said("desk")
        assert re.fullmatch(r"desk: \d+ minutes left: extends by 60 minutes, until about .*", sentence)
    emulator.clear()
    assert not stack.up().failed
    assert [r["body"] for r in emulator.requests()] == [{"additionalMinutes": 60}]
    assert stack.preview().ops("desk") == ["same"]


def test_extending_a_session_that_is_gone_suggests_refresh_and_replace(new_stack: NewStack, emulator: Emulator) -> None:
    declared = {"expiration_minutes": 60}
    stack = _one(new_stack, declared)
    stack.up()
    session = stack.resources()["desk"]["id"]
    emulator.api("DELETE", ORGANIZATION, f"/{session}")
    declared["expiration_minutes"] = 120
    up = stack.up()
    assert up.failed
    assert up.refusal("desk") == (
        f"extending session {session}: the API returned 404: Session not found;"
        f" `pulumi refresh` drops it if it is gone, {REPLACE_HINT}"
    )


def test_a_session_that_cannot_be_completed_is_in_state_and_the_next_run_completes_it(
    new_stack: NewStack, emulator: Emulator
) -> None:
    user = "half-made"
    stack = _one(new_stack, {"user_id": user, "status": "completed"}, QUANTCDN_MAX_RETRIES="0")
    emulator.fault("status", method="PUT", status=500, body={"message": "broken"})
    up = stack.up()
    assert up.failed
    (made,) = [session for session in emulator.sessions(ORGANIZATION) if session["userId"] == user]
    assert up.refusal("desk").endswith(
        f": the API returned 500: broken; session {made['id']} was created: the next `pulumi up` completes it"
    )
    desk = stack.resources()["desk"]
    assert (desk["id"], desk["outputs"]["status"]) == (made["id"], "active")

    first = stack.preview()
    _refresh_silently(stack)
    emulator.clear()
    for run in (first, stack.preview(), stack.up()):
        assert (run.ops("desk"), run.said("desk")) == (["update"], ["desk: completes it"])
    assert [(r["method"], r["body"]) for r in emulator.requests()] == [("PUT", {"status": "completed"})]
    assert stack.preview().ops("desk") == ["same"]


def test_a_refused_reopening_suggests_replace(new_stack: NewStack, emulator: Emulator) -> None:
    declared = {"status": "completed"}
    stack = _one(new_stack, declared)
    stack.up()
    session = stack.resources()["desk"]["id"]
    declared["status"] = "active"
    emulator.behave(reopen=False)
    up = stack.up()
    assert up.failed
    assert up.refusal("desk").startswith(f"updating session {session}: the API returned 400: ")
    assert up.refusal("desk").endswith(REPLACE_HINT)
    urn = stack.resources()["desk"]["urn"]
    assert stack.up(replace=[urn]).ops("desk") == REPLACED


def test_a_rejected_token_is_reported_with_its_source(new_stack: NewStack, emulator: Emulator) -> None:
    declared: dict[str, Any] = {"metadata": {"a": 1}}
    stack = _one(new_stack, declared, QUANTCDN_API_TOKEN="")
    stack.config("quant-sessions:bearer", "the-old-token", secret=True)
    stack.up()
    emulator.behave(token="the-new-token")
    declared["metadata"] = {"a": 2}
    for run in (stack.refresh(), stack.up()):
        assert run.failed
        assert run.refusal("desk").endswith(
            "the token from the stack configuration quant-sessions:bearer was not accepted."
            " After replacing it run `pulumi up`, or add --run-program to refresh and destroy"
        )
        assert "the-old-token" not in run.text
    stack.config("quant-sessions:bearer", "the-new-token", secret=True)
    assert not stack.up().failed
    assert not stack.destroy().failed


def test_updating_a_session_that_is_gone_suggests_refresh_and_replace(new_stack: NewStack, emulator: Emulator) -> None:
    declared: dict[str, Any] = {"user_id": "u", "metadata": {"a": 1}}
    stack = new_stack(lambda: (Session("desk", **declared), None)[1])
    stack.up()
    session = stack.resources()["desk"]["id"]
    emulator.api("DELETE", ORGANIZATION, f"/{session}")
    declared["metadata"] = {"a": 2}
    run = stack.up()
    assert run.failed
    assert "Traceback" not in run.text
    assert run.refusal("desk") == (
        f"updating session {session}: the API returned 404: Session not found; `pulumi refresh` drops it"
        " if it is gone, `pulumi up --replace` with its URN starts a new one from the declared messages"
    )
