from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant_sessions_provider.core import model
from quant_sessions_provider.core.model import UNKNOWN

WORDS = st.from_regex(r"[a-z]{1,8}(_[a-z]{1,8}){0,3}", fullmatch=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def spelled(word: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in word)


def test_state_keys_never_change() -> None:
    assert " ".join(model.INPUTS) == (
        "userId sessionGroup organization expirationMinutes expiresAt renewBeforeMinutes onExpired messages metadata"
        " status"
    )
    assert " ".join(model.COMPUTED) == (
        "grantedExpiresAt unsentExpirySeconds createdAt baseUrl expired title model totalMessages totalTokens updatedAt"
    )
    keys = [value for name, value in vars(model.Key).items() if name.isupper()]
    assert keys == [*model.INPUTS, *model.COMPUTED] == list(model.PROPERTIES)
    assert model.REPLACING == ("userId", "sessionGroup", "organization")
    assert (model.MIN_LIFETIME, model.MAX_LIFETIME, model.MAX_EXTENSION, model.DEFAULT_LIFETIME) == (5, 1440, 1440, 60)


@given(WORDS)
def test_snake_case_and_camel_case_are_converted_both_ways(word: str) -> None:
    assert spelled(model.camel(word)) == word


def test_the_python_name_of_a_property_is_its_state_key_in_snake_case() -> None:
    assert all(model.camel(row.name) == row.key and row.name == spelled(row.key) for row in model.PROPERTIES.values())


def test_arguments_become_state_keys_without_none_and_user_data_is_unchanged() -> None:
    data = {"user_id": None, "é_x": 0}
    assert model.by_state_key({"user_id": "u", "metadata": data, "session_group": None, "messages": []}) == {
        "userId": "u",
        "metadata": data,
        "messages": [],
    }


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (True, 1, False),
        (False, 0, False),
        ({"a": True}, {"a": 1}, False),
        ("1", 1, False),
        ({"a": 1, "b": [2]}, {"b": [2], "a": 1}, True),
        ([1, 2], [2, 1], False),
        ({}, {"a": None}, False),
        ("é", "e\u0301", False),
    ],
)
def test_same_compares_values_as_json_does(one: object, other: object, same: object) -> None:
    assert model.same(one, other) is model.same(other, one) is same


@given(JSON)
def test_every_value_is_the_same_as_itself_and_differs_from_a_list_of_itself(value: object) -> None:
    assert model.same(value, value)
    assert not model.same(value, [value])


@given(JSON)
def test_an_unknown_is_found_at_any_depth(value: object) -> None:
    assert not model.contains_unknown(value)
    assert model.contains_unknown({"a": [value, {"b": UNKNOWN}]})
    assert repr(UNKNOWN) == "<unknown>"


def test_whole_floats_become_ints_wherever_they_are_exact() -> None:
    value = {"a": [1.0, 2.5, {"b": -3.0}], "largest": float(model.EXACT - 1), "rounded": float(model.EXACT), "c": "1.0"}
    whole = model.with_whole_numbers(value)
    assert whole == value
    assert [type(each) for each in (whole["a"][0], whole["a"][1], whole["a"][2]["b"])] == [int, float, int]
    assert (type(whole["largest"]), type(whole["rounded"])) == (int, float)
