from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant_sessions_provider.core.describe import about, session
from quant_sessions_provider.core.losses import Loss, replacement_sentence
from quant_sessions_provider.core.urns import SESSION_TYPE
from quant_sessions_provider.report.preview import NoPreviewError, read
from tests.support.previews import NOW, note, preview, said, state, step, urn

if TYPE_CHECKING:
    from quant_sessions_provider.report.model import Row

NEW_ONE = "; the new one lives until about 13:00Z"
HOUR, HALF = NOW + timedelta(hours=1), NOW + timedelta(minutes=30)
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the CLI prints for a value that the preview does not know."""


def rows(*parts: dict[str, Any]) -> list[Row]:
    return read(preview(*parts), NOW).rows


def row(*parts: dict[str, Any]) -> tuple[str, str, object, Loss | None]:
    (only,) = rows(*parts)
    return only.action, only.reason, only.until, only.loss


PRICES = {
    "loses 14 messages": Loss(14),
    "loses 1 message": Loss(1),
    "loses at least 3 messages (2 declared ones start again)": Loss(3, at_least=True),
    "loses 2 messages (1 declared one starts again)": Loss(2),
    "loses an unknown number of messages": Loss(None),
    "loses nothing: it holds only declared messages": None,
    "loses nothing: it holds only declared messages (1 declared one starts again)": None,
    "loses nothing: it is gone": None,
}


@pytest.mark.parametrize(("lost", "loss"), PRICES.items(), ids=PRICES)
def test_a_replacement_loses_what_the_provider_says(lost: str, loss: Loss | None) -> None:
    line = said("desk", f"desk: userId changed: replacing it {lost}{NEW_ONE}", "warning")
    assert row(step("replace", "desk", replaceReasons=["userId"]), line) == ("replace", "userId changed", HOUR, loss)


def test_an_update_that_may_end_in_a_replacement_counts_as_one() -> None:
    line = said("desk", f"desk: metadata may change: replacing it loses 5 messages{NEW_ONE}", "warning")
    assert row(step("update", "desk"), line) == ("replace", "metadata may change", HOUR, Loss(5))


def test_a_line_without_a_resource_counts_for_the_session_that_it_names() -> None:
    sentence = f"userId changed: replacing it loses 14 messages{NEW_ONE}"
    for subject in ("desk", "session id-of-desk"):
        assert row(step("replace", "desk"), note(f"{subject}: {sentence}"))[1::2] == ("userId changed", Loss(14))
    for subject in ("other", "session id-of-other", "id-of-desk", "session desk"):
        other = note(f"{subject}: {sentence}")
        assert row(step("replace", "desk", replaceReasons=["userId"]), other)[3] == Loss(None)


@pytest.mark.parametrize("name", ["warning: x", "a: b", " ", "session x", "userId changed: replacing it"])
@pytest.mark.parametrize("severity", ["info", "warning"])
def test_a_name_may_contain_anything(name: str, severity: str) -> None:
    line = said(name, f"{name}: userId changed: replacing it loses 14 messages{NEW_ONE}", severity)
    assert row(step("replace", name), line)[3] == Loss(14)


def test_a_name_that_two_sessions_have_names_neither() -> None:
    nested = urn("desk", f"acme:Desk$acme:Room${SESSION_TYPE}")
    steps = [step("replace", "desk"), {**step("replace", "desk"), "urn": nested}]
    found = rows(
        *steps, note(f"desk: userId changed: replacing it loses nothing: it holds only declared messages{NEW_ONE}")
    )
    assert [each.loss for each in found] == [Loss(None)] * 2


@pytest.mark.parametrize("session_id", ["a b", "urn:uuid:3f2a", "x: userId changed", " ", "a\u2028b"], ids=ascii)
def test_an_id_may_contain_anything(session_id: str) -> None:
    outputs = {**state("desk")["outputs"]}
    line = note(
        about(session(session_id), replacement_sentence(["userId"], outputs | {"userId": "bob"}, Loss(14), NOW))
    )
    assert row(step("replace", "desk", oldState=state("desk", id=session_id)), line)[3] == Loss(14)


def test_a_session_that_was_only_read_is_no_loss() -> None:
    read = state("desk", external=True)
    assert row(step("replace", "desk", oldState=read)) == ("create", "only read by Session.get so far", HOUR, None)
    assert row(step("discard", "desk", oldState=read)) == ("discard", "no longer declared", HALF, None)


def test_a_session_that_becomes_only_read_is_a_loss_unless_it_is_the_same() -> None:
    reason, read = "only read by Session.get from now on", state("desk", external=True)
    del read["inputs"]["expiresAt"]
    assert row(step("replace", "desk", newState=read)) == ("replace", reason, "not known", Loss(None))
    assert row(step("read", "desk", newState=read)) == ("forget", reason, HALF, None)
    assert row(step("read", "desk", oldState=read, newState=read))[:2] == ("read", "")


def test_a_session_that_a_refresh_finds_gone_is_no_loss() -> None:
    gone = ("forget", "the refresh found no such session", "", None)
    assert row(step("refresh", "other"), step("delete", "desk")) == gone
    assert row(step("refresh", "desk"), step("delete", "desk"))[3] == Loss(None)


def test_whether_it_has_expired_may_be_secret() -> None:
    secret = state("desk", outputs={"expired": "[secret]"})
    assert row(step("delete", "desk", oldState=secret))[3] == Loss(None)
    assert row(step("replace", "desk", oldState=secret))[3] == Loss(None)


@pytest.mark.parametrize("key", ["expiresAt", "grantedExpiresAt", "unsentExpirySeconds"])
@pytest.mark.parametrize("op", ["same", "update", "read"])
def test_what_a_secret_leaves_of_an_expiry_does_not_tell_it(key: str, op: str) -> None:
    # The API grants what was asked for, so either output tells the other.
    secret = state("desk", -9, outputs={key: "[secret]"})
    (found,) = rows(step(op, "desk", oldState=secret, newState=secret))
    assert (found.until, "passed" in found.reason) == ("secret", False)
    assert row(step("delete", "desk", oldState=secret))[1] == "no longer declared"


def test_a_replacement_that_the_provider_was_not_asked_about() -> None:
    forced = step("replace", "desk", replaceReasons=["id"])
    assert row(forced) == ("replace", "a replacement was requested", HOUR, Loss(None))
    option = step("replace", "desk", replaceReasons=["expirationMinutes"])
    assert row(option)[1:] == ("expirationMinutes changed", HOUR, Loss(None))
    gone = step("replace", "desk", replaceReasons=["id"], oldState=state("desk", outputs={"expired": True}))
    assert row(gone)[3] is None


def test_an_expired_session_is_recreated_without_a_loss() -> None:
    reason = "expired at 11:51Z and is gone"
    expected = ("recreate", reason, HOUR, None)
    assert row(step("replace", "desk"), said("desk", f"desk: {reason}{NEW_ONE}")) == expected


def test_an_expired_session_that_the_api_still_has_is_a_loss() -> None:
    reason = "expired at 2026-11-23 11:51Z, no longer listed as active"
    text = f"desk: {reason}: replacing it loses 3 messages{NEW_ONE}"
    assert row(step("replace", "desk"), said("desk", text, "warning"))[1::2] == (reason, Loss(3))


def test_a_replacement_of_three_steps_is_one_row() -> None:
    parts = [step(op, "desk") for op in ("create-replacement", "replace", "delete-replaced")]
    assert [found.action for found in rows(*parts)] == ["replace"]
    assert [(found.action, found.reason) for found in rows(parts[2])] == [("delete", "left by an earlier replacement")]


def test_what_an_earlier_replacement_left_is_lost_beside_what_is_replaced_now() -> None:
    left = step("delete-replaced", "desk", oldState=state("desk", 9) | {"id": "left"})
    parts = [step(op, "desk") for op in ("create-replacement", "replace", "delete-replaced")]
    assert [found.action for found in rows(left, *parts)] == ["delete", "replace"]


def test_a_deletion_loses_an_unknown_number() -> None:
    assert row(step("delete", "desk")) == ("delete", "no longer declared", "", Loss(None))


def test_a_deletion_after_the_expiry_is_a_loss_until_a_refresh_has_checked_it() -> None:
    old = state("desk", -9)
    unchecked = "no longer declared; its expiry has passed, not checked with the API"
    assert row(step("delete", "desk", oldState=old)) == ("delete", unchecked, "", Loss(None))
    old["outputs"]["expired"] = True
    assert row(step("delete", "desk", oldState=old))[1::2] == ("no longer declared; already expired", None)


def test_a_retained_session_is_no_loss() -> None:
    old = state("desk", retainOnDelete=True)
    expected = ("forget", "no longer declared; retainOnDelete keeps the session", HALF, None)
    assert row(step("delete", "desk", oldState=old)) == expected
    assert row(step("replace", "desk", oldState=old))[3] is None


def test_a_destroyed_stack_says_so() -> None:
    stack = step("delete", "shop-main", kind="pulumi:pulumi:Stack")
    assert row(step("delete", "desk"), stack)[1] == "the stack is destroyed"


def test_a_creation_says_how_long_the_session_lives() -> None:
    line = said("desk", "desk: lives 60 minutes, until about 13:00Z")
    assert row(step("create", "desk"), line) == ("create", "new; lives 60 minutes", HOUR, None)
    gone = "the refresh found no such session; lives 60 minutes"
    assert row(step("refresh", "desk"), step("create", "desk"), line)[1] == gone
    for unknown in ("lives until the declared expiresAt", "lives until a time that is not known yet"):
        assert row(step("create", "desk"), said("desk", f"desk: {unknown}"))[1] == "new"


def test_an_update_is_described_by_the_sentence() -> None:
    extended = "29 minutes left: extends by 30 minutes, until about 13:00Z"
    line = said("desk", f"desk: {extended}")
    assert row(step("update", "desk", diffReasons=["expiresAt"]), line) == ("extend", extended, HOUR, None)
    kept = "cannot be shortened: lives on until 12:30Z, nothing is sent"
    assert row(step("update", "desk"), said("desk", f"desk: {kept}")) == ("update", kept, HALF, None)


def test_an_update_without_a_sentence_names_the_changed_inputs() -> None:
    moved = step("update", "desk", diffReasons=["metadata", "status"])
    assert row(moved) == ("update", "metadata, status changed", HALF, None)
    silent = step("update", "desk", diffReasons=["renewBeforeMinutes"])
    found = row(silent, said("desk", "desk: nothing is sent"))
    assert found == ("update", "renewBeforeMinutes changed: nothing is sent", HALF, None)


def test_an_unknown_or_secret_expiry_is_named_as_such() -> None:
    unknown, secret = state("desk"), state("desk")
    unknown["inputs"]["expiresAt"], secret["inputs"]["expiresAt"] = UNKNOWN, "[secret]"
    assert row(step("create", "desk", newState=unknown))[2] == "not known"
    assert row(step("create", "desk", newState=secret))[2] == "secret"


def test_a_refresh_in_a_preview_is_no_row_of_its_own() -> None:
    refreshed = step("refresh", "desk")
    assert row(refreshed, step("same", "desk"))[:2] == ("none", "")
    assert row(refreshed, step("create", "desk"))[1] == "the refresh found no such session"


def test_unchanged_and_read_sessions_are_no_loss() -> None:
    assert row(step("same", "desk", oldState=state("desk", -9)))[:2] == ("none", "its expiry has passed")
    assert row(step("read", "desk", oldState=state("desk", external=True)))[0::3] == ("read", None)
    assert read(preview(step("same", "desk"), same=5), NOW).unlisted == 4


def test_other_resources_are_counted() -> None:
    bucket = "aws:s3/bucket:Bucket"
    found = read(
        preview(
            step("create", "shop-main", kind="pulumi:pulumi:Stack"),
            *(step(op, op, kind=bucket) for op in ("create", "update", "create-replacement", "replace")),
            *(step("replace", "create-replacement", kind=bucket), step("refresh", "x", kind=bucket)),
        ),
        NOW,
    )
    assert (found.rows, found.others) == ([], {"create": 1, "replace": 2, "update": 1})


def test_a_session_in_a_component_has_its_own_name() -> None:
    nested = urn("a::b", f"acme:Desk$acme:Room${urn('x').split('::')[2]}")
    found = read(preview({**step("create", "desk"), "urn": nested}), NOW)
    assert (found.stack, found.rows[0].name) == ("shop/main", "a::b")


def test_the_worst_comes_first() -> None:
    parts = [step("same", "a"), step("create", "b"), step("update", "c"), step("delete", "z"), said("y", "no", "error")]
    assert [found.name for found in rows(*parts)] == ["z", "y", "b", "c", "a"]


NO_PREVIEWS: list[Any] = [[], "x", None, {}, {"a": 1}, {"steps": [1]}, {"steps": [{"op": "same"}]}]
NO_PREVIEWS += [{"diagnostics": [{"urn": "x"}]}, {"steps": [{"op": "same", "urn": "no-urn"}]}]


@pytest.mark.parametrize("document", NO_PREVIEWS, ids=repr)
def test_a_document_that_is_no_preview_is_refused(document: object) -> None:
    with pytest.raises(NoPreviewError, match="pulumi preview --json"):
        read(document, NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    steps=st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "op": st.sampled_from(("create", "update", "replace", "delete", "same", "odd")) | JSON,
                "urn": st.just(urn("desk")) | JSON,
                "oldState": st.fixed_dictionaries({}, optional={"outputs": JSON, "id": JSON}) | JSON,
                "newState": st.fixed_dictionaries({}, optional={"inputs": JSON}) | JSON,
                "replaceReasons": JSON,
            },
        ),
        max_size=2,
    ),
    diagnostics=st.lists(
        st.fixed_dictionaries({"message": JSON, "severity": JSON}, optional={"urn": JSON}), max_size=2
    ),
)
def test_any_other_document_is_refused_with_one_error(steps: list[Any], diagnostics: list[Any]) -> None:
    try:
        read({"steps": steps, "diagnostics": diagnostics}, NOW)
    except NoPreviewError as error:
        assert "\n" not in str(error)  # noqa: PT017 - one of two ends
