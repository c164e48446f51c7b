from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant_sessions_provider.core.messages import occur_in_order
from tests.support.fakes import A, B, C


@pytest.mark.parametrize(
    ("wanted", "live", "occur"),
    [
        ([], [], True),
        ([A, B], [A, B], True),
        ([A, B], [A, C, B], True),
        ([A, B], [B, A], False),
        ([A], [{**A, "id": 1, "tokens": {}}], True),
        ([A], [{**A, "role": "assistant"}], False),
        ([A], [], False),
        ([A], ["A"], True),
        ([A], [{"role": "user", "content": [{"text": "A"}]}], True),
        ([A], [B, None], True),
    ],
)
def test_declared_messages_occur_in_order_and_odd_ones_prove_nothing(
    wanted: list[Any], live: list[Any], occur: object
) -> None:
    assert occur_in_order(wanted, live) is occur


@given(st.lists(st.tuples(st.sampled_from([A, B, C]), st.booleans())))
def test_run_time_messages_anywhere_between_are_no_drift(live: list[tuple[dict[str, str], bool]]) -> None:
    assert occur_in_order([m for m, ours in live if ours], [m for m, _ in live])
