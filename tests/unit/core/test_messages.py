from __future__ import annotations

import re
import unicodedata
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant_sessions_provider.core.messages import messages_to_append, unsent
from quant_sessions_provider.core.model import UNKNOWN
from tests.support.fakes import A, B, C

TALK = {"role": "assistant", "content": "At run time"}


@pytest.mark.parametrize(
    ("live", "missing"),
    [
        ([A], [B, C]),
        ([A, B], [C]),
        ([A, B, C], []),
        ([A, TALK, B, TALK, C], []),
        # Hidden, windowed, reordered, summarized.
        ([B, C], []),
        ([C], [B]),
        ([C, B, A], []),
        ([TALK], [B, C]),
        # Normalized.
        ([A, {"role": "user", "content": " B\r\n"}], [C]),
        ([A, {"role": "assistant", "content": "B"}], [B, C]),
        # What a person sent meanwhile stands for the declared one.
        ([B, A], [C]),
        ([A, {"role": "tool"}, "odd", None], [B, C]),
    ],
)
def test_what_is_live_already_is_not_sent_again(live: list[Any], missing: list[Any]) -> None:
    assert unsent([A, B, C], live, known=1) == missing


def test_a_declared_message_that_is_live_once_counts_once() -> None:
    assert unsent([A, A, A], [A], known=1) == [A, A]
    assert unsent([A, A, A], [A, A], known=1) == [A]
    assert unsent([A, A, A], [A, A], known=0) == [A]


@given(st.text(), st.sampled_from(["NFC", "NFD"]), st.sampled_from(["", " ", "\n"]))
def test_normalized_content_is_the_same_message(content: str, form: Literal["NFC", "NFD"], space: str) -> None:
    declared = {"role": "user", "content": content}
    shown = space + unicodedata.normalize(form, re.sub(r"\r\n?|\n", "\r\n", content)) + space
    assert unsent([declared], [{"role": "user", "content": shown}], known=0) == []


LATER = {"role": "user", "content": UNKNOWN}


@pytest.mark.parametrize(
    ("before", "after", "appended"),
    [
        ([A], [A, B, C], [B, C]),
        ([A, B], [A, B], []),
        ([A], [A, LATER], [LATER]),
        ([A, B], [A, LATER], None),
        ([LATER], [LATER, B], None),
        ([A, B], [A], None),
        ([A], [B, A], None),
        ([A], [A, {"role": "system", "content": "S"}], None),
        (None, [A], None),
        ([A], UNKNOWN, None),
    ],
)
def test_only_what_is_surely_new_at_the_end_is_appended(before: object, after: object, appended: object) -> None:
    assert messages_to_append(before, after) == appended
