"""The sentence beside an update: what it sends, until when the session lives, and no word that is not so."""

from __future__ import annotations

from typing import Any

import pytest

from quant_sessions_provider.core.describe import update_sentence
from quant_sessions_provider.core.model import UNKNOWN
from tests.support.fakes import NOW, A, B, C, applied, at, change, inputs_of

GRANTED = {"grantedExpiresAt": at(9)}
LEFT = "9 minutes left: extends by"


@pytest.mark.parametrize(
    ("moved", "sentence"),
    [
        ({"expiresAt": at(60)}, f"{LEFT} 51 minutes, until about 13:00Z"),
        ({"expiresAt": at(10)}, f"{LEFT} 1 minute, until about 12:10Z"),
        ({"expiresAt": at(800)}, f"{LEFT} 791 minutes, until about 2026-11-25 01:20Z"),
        ({"expirationMinutes": 30}, "cannot be shortened: lives on until 12:09Z, nothing is sent"),
        ({"expiresAt": at(7)}, "cannot be shortened: lives on until 12:09Z, nothing is sent"),
        # Lowered while a renewal is due: it is extended, so nothing is said of shortening.
        ({"expirationMinutes": 30, "expiresAt": at(30)}, f"{LEFT} 21 minutes, until about 12:30Z"),
        ({"expirationMinutes": 90}, "lives until about 12:09Z, nothing is sent"),
        ({"expirationMinutes": 90, "status": "completed"}, "completes it; it is completed: its expiry stays"),
        ({"expiresAt": at(99), "status": "completed"}, "completes it; it is completed: its expiry stays"),
        ({"messages": [A, B]}, "appends 1 message"),
        ({"messages": [A, B, C], "metadata": {}}, "appends 2 messages; sends its metadata"),
        ({"messages": [A, {"role": "user", "content": UNKNOWN}]}, "appends 1 message"),
        ({"metadata": UNKNOWN}, "sends its metadata"),
        ({"status": "completed"}, "completes it"),
        ({"status": UNKNOWN}, "sends its status"),
        ({"onExpired": "ignore", "renewBeforeMinutes": 5}, "nothing is sent"),
        ({"renewBeforeMinutes": UNKNOWN}, "what is sent is not known yet"),
        ({"expirationMinutes": UNKNOWN, "expiresAt": UNKNOWN}, "its expiry is not known yet"),
    ],
)
def test_an_update_is_told_in_one_sentence(moved: dict[str, Any], sentence: str) -> None:
    outputs = applied(9) | GRANTED
    assert update_sentence("desk", change(outputs, inputs_of(outputs, **moved)), NOW) == f"desk: {sentence}"


@pytest.mark.parametrize(
    ("dropped", "keys"), [({"a": 1}, "1 key"), ({"a": 1, "b": 2}, "2 keys"), ({"a": 1, "kept": 3}, "1 key")]
)
def test_a_dropped_key_of_metadata_is_counted_and_not_named(dropped: dict[str, int], keys: str) -> None:
    outputs = applied(9, metadata=dropped)
    new = inputs_of(outputs, metadata={"kept": 2})
    assert update_sentence("desk", change(outputs, new), NOW) == (
        f"desk: sends its metadata without {keys} (the API does not state whether it drops old ones)"
    )


def test_a_session_that_was_completed_is_reopened() -> None:
    outputs = applied(9, status="completed")
    assert update_sentence("desk", change(outputs, inputs_of(outputs, status="active")), NOW) == "desk: reopens it"


def test_one_past_its_expiry_that_the_api_still_has_lives() -> None:
    outputs = applied(-9)
    new = inputs_of(outputs, expiresAt=at(60))
    assert update_sentence("desk", change(outputs, new), NOW) == (
        "desk: was to expire at 11:51Z and still lives: extends by 60 minutes, until about 13:00Z"
    )


@pytest.mark.parametrize(("expired", "sure"), [(False, " if it is gone"), (True, "")])
def test_a_short_grant_that_is_over_under_error_promises_nothing(expired: bool, sure: str) -> None:  # noqa: FBT001 - a row
    outputs = applied(60, grantedExpiresAt=at(-9), onExpired="error", expired=expired)
    assert update_sentence("desk", change(outputs, inputs_of(outputs)), NOW) == (
        f"desk: was to expire at 11:51Z: the run stops{sure}"
    )


def test_a_short_grant_that_is_due_is_told_though_no_input_moved() -> None:
    outputs = applied(60, grantedExpiresAt=at(9), renewBeforeMinutes=15)
    sentence = update_sentence("desk", change(outputs, inputs_of(outputs)), NOW)
    assert sentence == f"desk: {LEFT} 51 minutes, until about 13:00Z"
