from __future__ import annotations

import pytest

from quant_sessions_provider.core.losses import deletion_sentence
from quant_sessions_provider.core.text import counted, error_line, one_line, without_half_pairs


@pytest.mark.parametrize(("count", "text"), [(0, "0 messages"), (1, "1 message"), (2, "2 messages")])
def test_a_count_is_english(count: int, text: str) -> None:
    assert counted(count, "message") == text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\r\n\tb", "a b"),
        ("a\u2028\u2029b", "a b"),
        ("a\x00\x1b\x7f\x9fb", "a b"),
        ("a\u202eb\ufeff\ue000\ud83d", "ab"),
        ("\u0645\u06cc\u200c\u0634\u0648\u062f 👩\u200d👧", "\u0645\u06cc\u200c\u0634\u0648\u062f 👩\u200d👧"),
    ],
)
def test_a_text_becomes_one_line_of_visible_characters(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize(("text", "whole"), [("a\ud83d", "a\ufffd"), ("\ud83d\ude00", "😀"), ("Grüße 🌍", "Grüße 🌍")])
def test_half_a_pair_is_replaced(text: str, whole: str) -> None:
    assert without_half_pairs(text) == whole


@pytest.mark.parametrize(
    ("stderr", "line"),
    [
        ("", ""),
        ("\n  \n", ""),
        ("warning: old\nerror: no stack\nerror: second\n", "no stack"),
        ("\nwhat\tis this\nand that", "what is this"),
    ],
)
def test_the_line_that_says_what_went_wrong(stderr: str, line: str) -> None:
    assert error_line(stderr) == line


@pytest.mark.parametrize(
    ("live", "sentence"),
    [
        ([], "deleting it loses nothing: it holds no messages"),
        ([1, 2], "deleting it loses 2 messages"),
        (None, "deleting it loses an unknown number of messages"),
    ],
)
def test_what_a_deletion_by_hand_loses(live: list[int] | None, sentence: str) -> None:
    assert deletion_sentence(live) == sentence
