"""Lookups in programs under Pulumi's own mocks: what is asked, what comes back, what is refused and what is secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from pulumi.output import UNKNOWN

from quant_sessions_provider import (
    FoundSession,
    ListedSession,
    get_session,
    get_session_output,
    list_sessions,
    list_sessions_output,
)
from tests.support.mocked import Mocks, run_mocked

if TYPE_CHECKING:
    from collections.abc import Callable

AT, LATER = "2026-11-24T12:00:00Z", "2026-11-24T12:30:00Z"
HELLO = {"role": "user", "content": "Hello"}
STORED = {"title": "About shoes", "model": "m", "messages": [HELLO], "createdAt": AT}
LISTED = {"id": "3f2a", "title": "About shoes", "model": "m", "createdAt": AT, "updatedAt": LATER}
FOUND = FoundSession("3f2a", "About shoes", "m", [HELLO], AT)
ENTRY = ListedSession("3f2a", "About shoes", "m", AT, LATER)


def _later(value: Any) -> Any:  # noqa: ANN401 - stands for what programs give, right and wrong
    return pulumi.Output.from_input(value)


def _wrong(value: Any) -> Any:  # noqa: ANN401 - as above
    return value


def test_a_tests_mock_answers_instead_of_the_api() -> None:
    seen: list[Any] = []

    def program() -> None:
        seen.append(get_session("3f2a", organization="acme"))
        seen.append(list_sessions(user_id="ada", session_group="g", model="m", limit=5))

    mocked = run_mocked(program, Mocks(STORED, {"sessions": [LISTED]}))
    assert seen == [FOUND, [ENTRY]]
    assert mocked.asked == [
        ("quant-sessions:index:getSession", {"id": "3f2a", "organization": "acme"}),
        ("quant-sessions:index:listSessions", {"userId": "ada", "sessionGroup": "g", "model": "m", "limit": 5}),
    ]


def test_a_mock_may_leave_everything_out() -> None:
    seen: list[Any] = []
    run_mocked(lambda: seen.extend((get_session("3f2a"), list_sessions())), Mocks({}, ({}, [])))
    assert seen == [FoundSession("3f2a", None, None, None, None), []]


def test_a_mock_may_fail_a_look_up() -> None:
    with pytest.raises(pulumi.RunError, match=r"^not today$"):
        run_mocked(list_sessions, Mocks(({}, [("userId", "not today")])))


@pytest.mark.parametrize(
    ("look_up", "line"),
    [
        (lambda: get_session(""), "get_session: id must be a non-empty string"),
        (lambda: get_session(_wrong(None)), "get_session: id must be a non-empty string"),
        (lambda: get_session("3f2a", organization=" "), "get_session: organization must be a non-empty string"),
        (lambda: list_sessions(user_id=""), "list_sessions: user_id must be a non-empty string"),
        (
            lambda: list_sessions(session_group=_wrong(3)),
            "list_sessions: session_group must be a non-empty string",
        ),
        (lambda: list_sessions(limit=0), "list_sessions: limit must be a positive whole number"),
        (lambda: list_sessions(limit=_wrong(1.5)), "list_sessions: limit must be a positive whole number"),
        (lambda: list_sessions(limit=True), "list_sessions: limit must be a positive whole number"),
        (
            lambda: get_session(_later("3f2a")),
            "get_session: id must be a plain string; use get_session_output for Outputs",
        ),
        (
            lambda: list_sessions(model=_later("m")),
            "list_sessions: model must be a plain string; use list_sessions_output for Outputs",
        ),
    ],
)
def test_a_wrong_argument_is_refused_in_one_line_and_nothing_is_asked(look_up: Callable[[], Any], line: str) -> None:
    mocked = Mocks()
    with pytest.raises(pulumi.RunError) as refusal:
        run_mocked(look_up, mocked)
    assert str(refusal.value) == line
    assert mocked.asked == []


def _seen(output: Callable[[], pulumi.Output[Any]], *answers: Any, preview: bool = False) -> tuple[list[Any], Mocks]:  # noqa: ANN401 - as in Mocks
    """Return the value, if it is known, and whether it is secret."""
    seen: list[Any] = []

    async def look(found: pulumi.Output[Any]) -> None:
        known = await found.is_known()
        seen.extend(([await found.future()] if known else []) + [await found.is_secret()])

    mocked = run_mocked(lambda: _later(look(output())), Mocks(*answers), preview=preview)
    return seen, mocked


def test_the_output_forms_take_outputs_and_are_secret() -> None:
    assert _seen(lambda: get_session_output(_later("3f2a")), STORED)[0] == [FOUND, True]
    found, mocked = _seen(
        lambda: list_sessions_output(user_id=_later("ada"), session_group="g", limit=_later(2.0)),
        {"sessions": [LISTED]},
    )
    assert found == [[ENTRY], True]
    assert mocked.asked[0][1] == {"userId": "ada", "sessionGroup": "g", "limit": 2}


@pytest.mark.parametrize(
    "look_up",
    [
        lambda: get_session_output(_later(UNKNOWN)),
        lambda: list_sessions_output(user_id="ada", session_group=_later(UNKNOWN)),
    ],
)
def test_what_a_preview_does_not_know_is_not_asked_for(look_up: Callable[[], pulumi.Output[Any]]) -> None:
    seen, mocked = _seen(look_up, preview=True)
    assert seen == [True]
    assert mocked.asked == []


def test_an_output_form_fails_in_the_same_line() -> None:
    with pytest.raises(pulumi.RunError, match=r"^list_sessions: user_id must be a non-empty string$"):
        _seen(lambda: list_sessions_output(user_id=_later("")))


def test_no_repr_tells_what_was_talked_about() -> None:
    assert repr(FOUND) == f"FoundSession(id='3f2a', model='m', created_at='{AT}')"
    assert "shoes" not in repr(ENTRY)
