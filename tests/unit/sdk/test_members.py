"""What differs for a session of a group, under Pulumi's own mocks."""

from __future__ import annotations

import asyncio
from typing import Any

import pulumi
import pytest

from quant_sessions_provider import Message, SessionArgs
from quant_sessions_provider.core.model import by_state_key
from tests.unit.sdk.groups import declared_sessions

UNTIL = "2026-11-24T17:00:00Z"
MINUTES = ("expirationMinutes", "renewBeforeMinutes")
TAKES = "session_args takes the arguments of a session"
NAMES = (
    "user_id, session_group, organization, expiration_minutes, expires_at, renew_before_minutes, on_expired, messages,"
    " metadata, status"
)
MAPPING = "session_args must be a mapping of a session's arguments to values"
KNOWN = "session_args must be known when the program runs; its values may be Outputs"


def _future() -> Any:  # noqa: ANN401 - what nobody should give
    return asyncio.get_event_loop().create_future()


def test_what_differs_for_a_session_takes_the_place_of_what_is_shared() -> None:
    def own(user: str) -> SessionArgs | None:
        if user == "ada":
            return {"metadata": {"seat": 7}, "on_expired": "ignore", "session_group": None}
        hello: Message = {"role": "user", "content": pulumi.Output.from_input("Hello")}
        return {"status": "completed", "messages": [hello]} if user == "bob" else None

    declared = declared_sessions(
        user_ids=["ada", "bob", "eve"], session_group="g", metadata={"seat": 0}, session_args=own
    )
    shared = {"sessionGroup": "g", "metadata": {"seat": 0}, "onExpired": "recreate", "status": "active"}
    said = [{"role": "user", "content": "Hello"}]
    own_of_ada = {"metadata": {"seat": 7}, "onExpired": "ignore", "status": "active"}
    assert declared == {
        "workshop-ada": {"userId": "ada", "expirationMinutes": 60, **own_of_ada},
        "workshop-bob": {"userId": "bob", "expirationMinutes": 60, **shared, "status": "completed", "messages": said},
        "workshop-eve": {"userId": "eve", "expirationMinutes": 60, **shared},
    }


def test_a_session_may_have_any_argument_of_its_own() -> None:
    own = {
        "user_id": "ada@example.com",
        "session_group": "h",
        "expiration_minutes": 90,
        "renew_before_minutes": 5,
        "on_expired": "error",
        "messages": [{"role": "user", "content": "Hello"}],
        "metadata": {"seat": 7},
        "status": "completed",
        "organization": "other",
    }
    assert {*own, "expires_at"} == set(SessionArgs.__annotations__)
    declared = declared_sessions(user_ids=["seat-1"], session_args=lambda _: own)["workshop-seat-1"]
    assert declared == by_state_key(own)


@pytest.mark.parametrize(
    ("shared", "own", "declared"),
    [
        ({"expiration_minutes": 90, "renew_before_minutes": 5}, {"expires_at": UNTIL}, {"expiresAt": UNTIL}),
        ({"expiration_minutes": 90}, {"expires_at": UNTIL}, {"expiresAt": UNTIL}),
        ({"expires_at": UNTIL}, {"expiration_minutes": 90}, {"expirationMinutes": 90}),
        (
            {"expires_at": UNTIL},
            {"expiration_minutes": 90, "renew_before_minutes": 5},
            {"expirationMinutes": 90, "renewBeforeMinutes": 5},
        ),
        (
            {"expires_at": UNTIL},
            {"expires_at": None, "renew_before_minutes": 5},
            {"expirationMinutes": 60, "renewBeforeMinutes": 5},
        ),
        ({"expiration_minutes": 90}, {"expires_at": None}, {"expirationMinutes": 90}),
        (
            {"expiration_minutes": 90, "renew_before_minutes": 9},
            {"renew_before_minutes": 5},
            {"expirationMinutes": 90, "renewBeforeMinutes": 5},
        ),
    ],
)
def test_how_a_session_chooses_its_expiry_sets_aside_how_its_group_does(
    shared: dict[str, Any], own: dict[str, Any], declared: dict[str, Any]
) -> None:
    both = declared_sessions(user_ids=["ada", "bob"], session_args={"ada": own}.get, **shared)
    expiry = {
        name: {key: value for key, value in inputs.items() if key in ("expiresAt", *MINUTES)}
        for name, inputs in both.items()
    }
    assert expiry == {"workshop-ada": declared, "workshop-bob": by_state_key(shared)}


def test_a_renewal_needs_a_lifetime_of_its_own_where_the_group_shares_an_expiry() -> None:
    with pytest.raises(
        pulumi.RunError, match=r"^session workshop-ada: expires_at and renew_before_minutes are mutually exclusive$"
    ):
        declared_sessions(user_ids=["ada"], expires_at=UNTIL, session_args=lambda _: {"renew_before_minutes": 5})


@pytest.mark.parametrize(
    ("session_args", "line"),
    [
        (
            lambda _: {"expiration_minute": 9},
            f"session workshop-ada: {TAKES}: use expiration_minutes instead of expiration_minute",
        ),
        (lambda _: {"sessionGroup": "g"}, f"session workshop-ada: {TAKES}: use session_group instead of sessionGroup"),
        (lambda _: {"opts": None}, f"session workshop-ada: {TAKES}: use session_opts instead of opts"),
        (lambda _: {"private": 1}, f"session workshop-ada: {TAKES}, and one of these is none: {NAMES}"),
        (lambda _: {1: 1}, f"session workshop-ada: {TAKES}, and one of these is none: {NAMES}"),
        (lambda _: [("status", "active")], f"session workshop-ada: {MAPPING}"),
        (lambda _: "active", f"session workshop-ada: {MAPPING}"),
        (lambda _: pulumi.Output.from_input({}), f"session workshop-ada: {KNOWN}"),
        (lambda _: _future(), f"session workshop-ada: {KNOWN}"),
        (
            {"ada": {}},
            "session group workshop: session_args must be a function of a user id or key, such as the get of a dict",
        ),
        (
            lambda _: {"user_id": "same"},
            "session group workshop: user_ids: two keys have the same user id",
        ),
        (
            lambda _: {"metadata": {"at": {1}}},
            "session workshop-ada: metadata: contains a value of type set, which JSON cannot represent; use a list",
        ),
    ],
)
def test_what_is_no_argument_of_a_session_is_refused_in_one_line(session_args: Any, line: str) -> None:  # noqa: ANN401 - what people may give
    with pytest.raises(pulumi.RunError) as refusal:
        declared_sessions(user_ids=["ada", "bob"], session_args=session_args)
    assert str(refusal.value) == line
