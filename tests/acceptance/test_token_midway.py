"""A token expires during a run: the error names it, and the next run with a new token succeeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from quant_sessions_provider import Session
from tests.acceptance.conftest import ORGANIZATION

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.acceptance.conftest import NewStack
    from tests.support.emulator_server import Emulator
    from tests.support.engine import Stack

    Give = Callable[[Stack, str], None]

OLD, NEW = "the-old-token", "the-new-token"
NEXT_STEP = "After replacing it run `pulumi up`, or add --run-program to refresh and destroy"


def _from_variable(stack: Stack, token: str) -> None:
    stack.environment(QUANTCDN_API_TOKEN=token)


def _from_stack(stack: Stack, token: str) -> None:
    stack.config("quant-sessions:bearer", token, secret=True)


@pytest.mark.parametrize(
    "case",
    [
        (
            _from_variable,
            {"token": NEW},
            "401: Invalid bearer token; the token from the variable QUANTCDN_API_TOKEN was not accepted",
        ),
        (
            _from_stack,
            {"forbidden": True},
            (
                "403: Access denied; the token from the stack configuration quant-sessions:bearer"
                " is not allowed to do this"
            ),
        ),
    ],
    ids=["expired", "revoked"],
)
def test_the_error_names_the_credential_and_created_sessions_stay_in_state(
    new_stack: NewStack, emulator: Emulator, case: tuple[Give, dict[str, Any], str]
) -> None:
    give, end, words = case
    emulator.behave(token=OLD)
    ending = True

    def ended(session_id: str) -> str:
        if ending:
            emulator.behave(**end)
        return session_id

    def program() -> None:
        first = Session("first", user_id="first")
        # The token expires after the first session is created. The second session depends on it.
        Session("second", user_id="second", metadata={"first": first.id.apply(ended)})

    stack = new_stack(program, QUANTCDN_API_TOKEN="")
    give(stack, OLD)
    run = stack.up()
    assert run.failed
    assert run.refusal("second") == f"creating the session: the API returned {words}. {NEXT_STEP}"
    assert OLD not in run.text
    assert stack.resources().keys() == {"first"}
    made = stack.resources()["first"]["id"]

    ending = False
    emulator.behave(token=NEW)
    give(stack, NEW)
    run = stack.up()
    assert (run.failed, run.ops("first"), run.ops("second")) == (False, ["same"], ["create"])
    assert stack.resources()["first"]["id"] == made
    assert [session["userId"] for session in emulator.sessions(ORGANIZATION)] == ["first", "second"]
    assert not stack.destroy().failed
    assert emulator.sessions(ORGANIZATION) == []
