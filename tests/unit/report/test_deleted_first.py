"""Sessions that are deleted before they are replaced: by this run, or by an earlier one that then failed."""

from __future__ import annotations

from typing import Any

import pytest

from quant_sessions_provider.core.losses import Loss
from tests.support.previews import said, state, step, urn
from tests.unit.report.test_preview import HOUR, NEW_ONE, row, rows

PENDING = state("desk", pendingReplacement=True, replacementTrigger="one")


def pending(new: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    after = state("desk", 60, replacementTrigger="one") | (new or {})
    return step("replace", "desk", oldState=PENDING, newState=after, **more)


def test_a_session_that_a_failed_replacement_has_deleted_is_no_loss() -> None:
    assert row(pending()) == ("create", "deleted by a replacement that then failed", HOUR, None)
    gone = said("desk", f"desk: userId changed: replacing it loses nothing: it is gone{NEW_ONE}")
    assert row(pending(replaceReasons=["userId"]), gone) == ("replace", "userId changed", HOUR, None)


def test_a_living_session_that_is_deleted_before_its_replacement_is_a_loss() -> None:
    # The engine prints the same mark for it.
    line = said("desk", f"desk: userId changed: replacing it loses 14 messages{NEW_ONE}", "warning")
    assert row(pending(replaceReasons=["userId"]), line)[3] == Loss(14)
    assert row(pending(replaceReasons=["id"]))[3] == Loss(None)
    assert row(pending(new={"replacementTrigger": "two"}))[3] == Loss(None)


@pytest.mark.parametrize("option", [{"replaceWith": [urn("other")]}, {"deletedWith": urn("other")}], ids=str)
def test_a_session_that_is_deleted_first_since_another_is_replaced_is_a_loss(option: dict[str, Any]) -> None:
    other = step("replace", "other")
    assert {each.name: each.loss for each in rows(pending(new=option), other)}["desk"] == Loss(None)
    kept = step("same", "other")
    assert {each.name: each.loss for each in rows(pending(new=option), kept)}["desk"] is None
