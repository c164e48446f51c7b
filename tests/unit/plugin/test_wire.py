"""What goes back to the engine is secret wherever it came so, and else the same bytes."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct, Value
from hypothesis import given
from hypothesis import strategies as st

from quant_sessions_provider.core.model import UNKNOWN
from quant_sessions_provider.plugin.wire import (
    OUTPUT,
    SECRET,
    SIGNATURE,
    UNKNOWN_TEXT,
    from_wire,
    holds_secret,
    secret,
    to_value,
    to_wire,
)


def _list(values: list[Value]) -> Value:
    made = Value()
    made.list_value.values.extend(values)
    return made


def _object(fields: dict[str, Value]) -> Value:
    return Value(struct_value=Struct(fields=fields))


def _output(value: Value, *, known: bool) -> Value:
    fields = {SIGNATURE: Value(string_value=OUTPUT), "secret": Value(bool_value=True)}
    return _object(fields | ({"value": value} if known else {}))


KEYS = st.text(min_size=1, max_size=4).filter(lambda key: not key.startswith("__") and key.isprintable())
SCALARS = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(max_size=5)
PLAIN = st.recursive(
    SCALARS.map(to_value),
    lambda inner: st.lists(inner, max_size=3).map(_list) | st.dictionaries(KEYS, inner, max_size=3).map(_object),
    max_leaves=6,
)
MARKED = st.recursive(
    SCALARS.map(to_value) | st.just(Value(string_value=UNKNOWN_TEXT)),
    lambda inner: (
        st.lists(inner, max_size=3).map(_list)
        | st.dictionaries(KEYS, inner, max_size=3).map(_object)
        | inner.map(secret)
        | st.builds(lambda value, known: _output(value, known=known), inner, st.booleans())
    ),
    max_leaves=8,
)
STRUCTS = st.dictionaries(KEYS, MARKED, max_size=4).map(lambda fields: Struct(fields=fields))


@given(STRUCTS)
def test_what_came_goes_back_as_the_same_bytes(came: Struct) -> None:
    back = to_wire(from_wire(came), came)
    assert dict(back.fields) == {key: value for key, value in came.fields.items() if key in back.fields}
    assert all(
        from_wire(Struct(fields={"k": value})) == {} for key, value in came.fields.items() if key not in back.fields
    )


@given(STRUCTS, STRUCTS)
def test_the_first_source_that_holds_a_value_decides(new: Struct, old: Struct) -> None:
    back = to_wire(from_wire(new), new, old)
    assert all(back.fields[key] == new.fields[key] for key in back.fields)


@given(PLAIN, MARKED, MARKED)
def test_what_moved_is_secret_as_a_whole_if_a_secret_was_in_its_place(moved: Value, one: Value, other: Value) -> None:
    values = from_wire(Struct(fields={"k": _list([to_value("moved"), moved])}))
    sources = [Struct(fields={"k": _object({"inside": source})}) for source in (one, other)]
    back = to_wire(values, *sources)
    assert to_wire(from_wire(back)) == to_wire(values)
    marked = back.fields["k"] == secret(to_value(values["k"]))
    assert marked is (holds_secret(one) or holds_secret(other))


@given(MARKED)
def test_no_mark_reaches_the_core(value: Value) -> None:
    assert SIGNATURE not in repr(from_wire(Struct(fields={"k": value})))


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        (60.0, 60),
        (2.5, 2.5),
        (2.0**60, 2.0**60),
        (UNKNOWN_TEXT, UNKNOWN),
        ("dd056dcd-154b-4c76-9bd3-c8f88648b5ff", UNKNOWN),
        ({SIGNATURE: SECRET, "value": [1.0]}, [1]),
        ({SIGNATURE: OUTPUT, "value": "x", "dependencies": []}, "x"),
        ({SIGNATURE: OUTPUT}, UNKNOWN),
        ({"a": None}, {"a": None}),
    ],
)
def test_marks_numbers_and_unknowns_are_read(wire: object, value: object) -> None:
    read = from_wire(Struct(fields={"k": to_value(wire), "none": Value(null_value=None), "__own": to_value("x")}))
    assert read == {"k": value}
    assert type(read["k"]) is type(value)


@pytest.mark.parametrize("signature", ["c44067f5952c0a294b673a41bacd8c17", "5cf8f73096256a8f31e491e813e4eb8e"])
def test_an_asset_is_no_json(signature: str) -> None:
    read: Any = from_wire(Struct(fields={"k": to_value({SIGNATURE: signature, "text": "x"})}))
    assert not isinstance(read["k"], dict)


def test_a_title_is_secret_even_if_state_has_it_in_plain_text() -> None:
    for held in (Struct(), Struct(fields={"title": to_value("Hi")}), Struct(fields={"title": secret(to_value("Hi"))})):
        assert to_wire({"title": "Hi"}, held).fields["title"] == secret(to_value("Hi"))


def test_half_a_surrogate_pair_is_replaced() -> None:
    assert from_wire(to_wire({"k": ["\ud83d"], "m": {"\ude00": "x"}})) == {"k": ["\ufffd"], "m": {"\ufffd": "x"}}
