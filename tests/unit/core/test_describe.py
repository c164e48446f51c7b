"""The sentences about a plan: each says exactly what happens, and is parsed back correctly."""

from __future__ import annotations

import traceback
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant_sessions_provider.core.changes import Change
from quant_sessions_provider.core.describe import (
    UpdateSentence,
    about,
    creation_sentence,
    possible_orphans,
    read_about,
    read_creation,
    read_error,
    session,
    short_grant,
    stop_sentence,
    update_sentence,
)
from quant_sessions_provider.core.expiry import extension
from quant_sessions_provider.core.losses import (
    GONE,
    Loss,
    read_replacement,
    read_subject_and_replacement,
    recreation_sentence,
    replacement_sentence,
)
from quant_sessions_provider.core.model import UNKNOWN
from quant_sessions_provider.core.state import StoredState
from quant_sessions_provider.core.text import one_line
from quant_sessions_provider.dynamic.one_line_errors import SessionError
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
        # Lowered while a renewal is due: it is extended, so the sentence does not mention shortening.
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
def test_the_sentence_of_an_update(moved: dict[str, Any], sentence: str) -> None:
    outputs = applied(9) | GRANTED
    assert update_sentence(change(outputs, inputs_of(outputs, **moved)), NOW) == sentence


@pytest.mark.parametrize(
    ("moved", "sentence"),
    [
        ({"expiresAt": at(60)}, "extends by 51 minutes, until the declared expiresAt"),
        ({"expiresAt": at(7)}, "cannot be shortened: lives on as granted, nothing is sent"),
        ({"expiresAt": at(9.5), "expirationMinutes": 90}, "extends by 1 minute, until about 12:10Z"),
    ],
)
def test_an_expiry_set_by_hand_is_not_shown(moved: dict[str, Any], sentence: str) -> None:
    outputs = applied(9) | GRANTED
    del outputs["expirationMinutes"]
    assert update_sentence(change(outputs, inputs_of(outputs, **moved)), NOW) == sentence


@pytest.mark.parametrize(
    ("ids", "sentence"),
    [
        (None, "Could not determine whether a session was created; it expires by itself"),
        ([], "The API lists no session that it may have made"),
        (
            ["3f2a", "77"],
            (
                "It may have made session 3f2a or 77. If no stack has it in its state, delete it by its id, or let it"
                " expire"
            ),
        ),
    ],
)
def test_what_an_ambiguous_creation_may_have_made(ids: list[str] | None, sentence: str) -> None:
    assert possible_orphans(ids) == sentence


@pytest.mark.parametrize(
    ("dropped", "keys"), [({"a": 1}, "1 key"), ({"a": 1, "b": 2}, "2 keys"), ({"a": 1, "kept": 3}, "1 key")]
)
def test_dropped_metadata_keys_are_counted_but_not_named(dropped: dict[str, int], keys: str) -> None:
    outputs = applied(9, metadata=dropped)
    new = inputs_of(outputs, metadata={"kept": 2})
    assert update_sentence(change(outputs, new), NOW) == (
        f"sends its metadata without {keys} (the API does not state whether it drops old ones)"
    )


def test_reopening_is_mentioned() -> None:
    outputs = applied(9, status="completed")
    assert update_sentence(change(outputs, inputs_of(outputs, status="active")), NOW) == "reopens it"


def test_an_expired_session_that_still_exists_is_extended() -> None:
    outputs = applied(-9)
    new = inputs_of(outputs, expiresAt=at(60))
    assert update_sentence(change(outputs, new), NOW) == (
        "was to expire at 11:51Z and still lives: extends by 60 minutes, until about 13:00Z"
    )


def test_with_on_expired_error_a_passed_short_grant_stops_the_run() -> None:
    outputs = applied(60, grantedExpiresAt=at(-9), onExpired="error")
    assert stop_sentence(StoredState("3f2a", outputs), NOW) == "was to expire at 11:51Z: the run stops"
    assert stop_sentence(StoredState("3f2a", {}), NOW) == "has expired: the run stops"


def test_a_due_short_grant_is_extended_without_a_changed_input() -> None:
    outputs = applied(60, grantedExpiresAt=at(9), renewBeforeMinutes=15)
    sentence = update_sentence(change(outputs, inputs_of(outputs)), NOW)
    assert sentence == f"{LEFT} 51 minutes, until about 13:00Z"


@pytest.mark.parametrize(
    ("new", "sentence", "lifetime"),
    [
        ({"expirationMinutes": 60, "expiresAt": at(60)}, "lives 60 minutes, until about 13:00Z", "lives 60 minutes"),
        ({"expirationMinutes": 1440}, "lives 1440 minutes, until about 2026-11-25 12:00Z", "lives 1440 minutes"),
        ({"expirationMinutes": UNKNOWN, "expiresAt": UNKNOWN}, "lives until a time that is not known yet", ""),
        ({"expiresAt": at(60)}, "lives until the declared expiresAt", ""),
        ({"expiresAt": UNKNOWN}, "lives until the declared expiresAt", ""),
    ],
)
def test_the_sentence_of_a_creation(new: dict[str, Any], sentence: str, lifetime: str) -> None:
    assert creation_sentence(new, NOW) == sentence
    assert read_creation(sentence) == lifetime
    assert read_replacement(sentence) is None


# --- written and read back -----------------------------------------------------------------------------------

LINE = st.text(min_size=1).map(one_line).filter(bool)
# Ids that look like parts of a sentence.
LIKE_OURS = st.lists(
    st.sampled_from(
        (
            "session 3f2a",
            ": ",
            "userId changed",
            ": replacing it loses 2 messages",
            "; the new one lives until a time that is not known yet",
            "expired at 11:51Z and is gone",
            "expired, no longer listed as active",
            ": asked to live until 1, granted until 2",
        )
    ),
    min_size=1,
).map("".join)
IDS = LINE | LIKE_OURS
LOST = st.integers(1, 10**6)
LOSSES = st.sampled_from((GONE, Loss(0), Loss(None))) | st.builds(Loss, LOST, st.booleans())
MOVED: dict[str, Any] = {
    "userId": "bob",
    "sessionGroup": UNKNOWN,
    "organization": "b",
    "messages": [B],
    "expiresAt": at(60),
    "expirationMinutes": UNKNOWN,
    "metadata": {"a": 1},
    "status": "completed",
    "onExpired": "error",
    "renewBeforeMinutes": 9,
}
LEFT_OR_PASSED = st.integers(-100, 100)


STARTS = [[], [A], [A, B], [{"role": "user", "content": UNKNOWN}], UNKNOWN]


@st.composite
def changes(draw: st.DrawFn, /, **fixed: object) -> Change:
    """Draw a change of a session that has or has not expired."""
    outputs = applied(draw(LEFT_OR_PASSED), grantedExpiresAt=at(draw(LEFT_OR_PASSED)))
    moved = draw(st.sets(st.sampled_from(sorted(MOVED))))
    return Change(StoredState(draw(IDS), outputs), inputs_of(outputs, **{key: MOVED[key] for key in moved} | fixed))


def with_messages(planned: Change, messages: object) -> Change:
    return Change(planned.state, {**planned.new, "messages": messages})


@given(name=st.text(min_size=1) | LIKE_OURS, sentence=LINE | LIKE_OURS)
def test_a_sentence_is_read_back_from_behind_its_subject(name: str, sentence: str) -> None:
    assert read_about(name, about(name, sentence)) == sentence
    assert read_about(f"{name}x", about(name, sentence)) is None


@given(planned=changes())
def test_an_update_is_read_back(planned: Change) -> None:
    read = UpdateSentence(update_sentence(planned, NOW))
    assert read.extends == (extension(planned, NOW) > 0)
    assert read.has_no_details == (read.text == "nothing is sent")
    assert read_replacement(read.text) is None
    assert read_creation(read.text) is None


@given(planned=changes(userId="bob"), loss=LOSSES, starts=st.sampled_from(STARTS))
def test_a_replacement_is_read_back(planned: Change, loss: Loss, starts: object) -> None:
    planned = with_messages(planned, starts)
    sentence = replacement_sentence(planned.replaces, planned.new, loss, NOW)
    read = read_replacement(sentence)
    assert read
    assert read_creation(sentence) is None
    assert (read.loss, read.expired) == (loss, False)
    assert sentence.startswith(f"{read.reason}: replacing it loses ")
    subject = session(planned.state.id)
    assert read_subject_and_replacement(about(subject, sentence)) == (subject, read)


@given(planned=changes(), loss=LOSSES, lifetime=st.sampled_from((60, UNKNOWN, None)), starts=st.sampled_from(STARTS))
def test_a_recreation_is_read_back(planned: Change, loss: Loss, lifetime: object, starts: object) -> None:
    planned = with_messages(planned, starts)
    new = {key: value for key, value in planned.new.items() if key != "expirationMinutes"}
    new |= {} if lifetime is None else {"expirationMinutes": lifetime}
    sentence = recreation_sentence(Change(planned.state, new), loss, NOW)
    read = read_replacement(sentence)
    assert read
    assert read_creation(sentence) is None
    assert (read.loss, read.expired) == (loss, True)
    assert sentence.startswith(read.reason)
    assert ("loses" in read.reason, "is gone" in read.reason) == (False, loss.gone)
    subject = session(planned.state.id)
    assert read_subject_and_replacement(about(subject, sentence)) == (subject, read)


@given(planned=changes())
def test_only_a_short_grant_is_reported_and_never_as_a_replacement(planned: Change) -> None:
    outputs, expiry = planned.state.outputs, planned.state.expiry
    line = f"asked to live until {outputs['expiresAt']}, granted until {outputs['grantedExpiresAt']}"
    assert short_grant(outputs, expiry) == ([line] if expiry.granted_less else [])
    assert read_replacement(line) is None


@given(error=LINE, before=st.text())
def test_an_error_is_read_back(error: str, before: str) -> None:
    shown = "".join(traceback.format_exception_only(SessionError(error)))
    assert read_error(shown) == read_error(f"{before}\n{shown}") == error
    assert read_error(f"1 error occurred:\n\t* {error}") == error
    assert read_error(f"x {shown}") is read_error(error) is None


def test_control_characters_in_an_id_are_removed() -> None:
    assert about(session("a\nb\u202ec"), "nothing is sent") == "session a bc: nothing is sent"
