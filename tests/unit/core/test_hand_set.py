"""No sentence holds a timestamp that is set by hand: it may be secret, and the host cannot know."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.changes import Change
from quant_sessions_provider.core.describe import creation_sentence, short_grant, stop_sentence, update_sentence
from quant_sessions_provider.core.losses import Loss, recreation_sentence, replacement_sentence
from quant_sessions_provider.core.state import Expiry, StoredState
from quant_sessions_provider.operations.refusals import expired_error
from tests.support.fakes import NOW, A, applied, at, inputs_of

if TYPE_CHECKING:
    from collections.abc import Iterator

# Whole days apart: each shows as a date in every form.
MOMENTS = st.integers(-900, 900).map(lambda days: days * 1440.0)


def by_hand(left: float, **more: object) -> dict[str, Any]:
    return {key: value for key, value in applied(left, **more).items() if key != "expirationMinutes"}


def _sentences(outputs: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    state = StoredState("3f2a", outputs)
    yield update_sentence(Change(state, new), NOW)
    yield stop_sentence(state, NOW)
    yield recreation_sentence(Change(state, new), Loss(2), NOW)
    yield replacement_sentence(["userId"], new, Loss(2), NOW)
    yield creation_sentence(new, NOW)
    yield str(expired_error(state))
    yield from short_grant(outputs | {"grantedExpiresAt": at(-(10**6))}, Expiry.of(outputs))


@given(MOMENTS, MOMENTS, st.sampled_from(["active", "completed"]), st.sampled_from([None, -20.0, 0.0, 20.0]))
def test_no_sentence_holds_a_timestamp_that_is_set_by_hand(
    before: float,
    after: float,
    status: str,
    granted: float | None,
) -> None:
    outputs = by_hand(before, status=status)
    if granted is not None:
        outputs["grantedExpiresAt"] = at(before + granted)
    new = inputs_of(outputs, expiresAt=at(after), status="active", messages=[A])
    days = {timestamps.to_minute(NOW + timedelta(minutes=minutes))[:10] for minutes in (before, after)}
    assert not [line for line in _sentences(outputs, new) for day in days if day in line.partition("granted until")[0]]
