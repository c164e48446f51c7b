"""What Pulumi cannot carry is refused in one line that repeats nothing, at once or by check."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import gc
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant_sessions_provider import Session, SessionGroup
from tests.support.mocked import run_mocked

if TYPE_CHECKING:
    from collections.abc import Callable

PRIVATE = "what nobody else is to read"
NOW = dt.datetime(2026, 11, 24, tzinfo=dt.timezone.utc)


class Level(enum.Enum):
    """An enumeration of a program's own."""

    HIGH = "high"
    THIRD = 3


class Odd:
    """A class of a program's own."""

    def __repr__(self) -> str:
        return PRIVATE


def _type(name: str, hint: str = "") -> str:
    return f"a value of type {name}, which JSON cannot represent{hint}"


ROUNDED = "a whole number of 2^53 or more, which Pulumi rounds; use a string"
VALUES: dict[str, tuple[Callable[[], Any], str]] = {
    "datetime": (lambda: NOW, _type("datetime", "; use isoformat()")),
    "date": (NOW.date, _type("date", "; use isoformat()")),
    "generator": (lambda: (each for each in [PRIVATE]), _type("generator", "; use a list")),
    "set": (lambda: {PRIVATE}, _type("set", "; use a list")),
    "keys": ({PRIVATE: 1}.keys, _type("dict_keys", "; use a list")),
    "bytes": (PRIVATE.encode, _type("bytes", "; decode it")),
    "decimal": (lambda: decimal.Decimal("1.5"), _type("Decimal", "; use a string")),
    "own class": (Odd, _type("Odd")),
    "asset": (lambda: pulumi.StringAsset(PRIVATE), _type("StringAsset")),
    "large": (lambda: 2**53, ROUNDED),
    "large negative": (lambda: -(2**60), ROUNDED),
    "huge": (lambda: 10**400, ROUNDED),
    "large float": (lambda: 1.5e300, ROUNDED),
    "infinite": (lambda: float("-inf"), "a number that is not finite"),
    "not a number": (lambda: float("nan"), "a number that is not finite"),
    "surrogate": (lambda: f"{PRIVATE}\ud83d", "a string with half a surrogate pair, which is not valid Unicode"),
    "f-string": (
        lambda: f"{PRIVATE} {pulumi.Output.from_input(PRIVATE)}",
        "an Output that was made a string; use pulumi.Output.concat or pulumi.Output.format",
    ),
}
OBJECTS: dict[str, tuple[Callable[[], Any], str]] = {
    "none": (lambda: {PRIVATE: None}, "None, which Pulumi drops; omit the key"),
    "int key": (lambda: {1: PRIVATE}, "a key that is not a string"),
    "none key": (lambda: {None: PRIVATE}, "a key that is not a string"),
    "reserved key": (lambda: {"4dabf18193072939515e22adb298388d": PRIVATE}, "a key that Pulumi reserves"),
    "surrogate key": (lambda: {"\udc4b": 1}, "a string with half a surrogate pair, which is not valid Unicode"),
}
IDENTITY: dict[str, Callable[[Any], Any]] = {
    "alone": lambda value: value,
    "in an object": lambda value: {PRIVATE: value},
    "deep in a list": lambda value: [1, {"a": [{"b": value}]}],
    "in a tuple": lambda value: (PRIVATE, value),
}
ARGUMENTS = ("user_id", "expiration_minutes", "messages", "metadata", "status", "organization")


def _refusal(declare: Callable[[], object]) -> str:
    with pytest.raises(pulumi.RunError) as refusal:
        run_mocked(declare)
    line = str(refusal.value)
    assert PRIVATE not in line
    assert len(line.splitlines()) == 1
    return line


@pytest.mark.parametrize("argument", ARGUMENTS)
@pytest.mark.parametrize("name", VALUES)
def test_every_argument_refuses_it_by_name(name: str, argument: str) -> None:
    make, problem = VALUES[name]
    line = _refusal(lambda: Session("desk", **{"user_id": "u", argument: make()}))
    assert line == f"session desk: {argument}: is {problem}"


@pytest.mark.parametrize("place", ["in an object", "deep in a list", "in a tuple"])
@pytest.mark.parametrize("name", VALUES)
def test_it_is_found_wherever_it_is(name: str, place: str) -> None:
    make, problem = VALUES[name]
    line = _refusal(lambda: Session("desk", user_id="u", metadata=IDENTITY[place](make())))
    assert line == f"session desk: metadata: contains {problem}"


@pytest.mark.parametrize("place", IDENTITY)
@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_that_would_lose_a_part_is_refused(name: str, place: str) -> None:
    make, problem = OBJECTS[name]
    line = _refusal(lambda: Session("desk", user_id="u", metadata=IDENTITY[place](make())))
    assert line == f"session desk: metadata: contains {problem}"


@pytest.mark.parametrize("secret", [False, True])
@pytest.mark.parametrize("place", IDENTITY)
@pytest.mark.parametrize("name", ["datetime", "large", "f-string", "surrogate"])
def test_under_mocks_which_run_no_check_it_is_refused_once_it_is_known(name: str, place: str, *, secret: bool) -> None:
    make, problem = VALUES[name]
    wrap = pulumi.Output.secret if secret else pulumi.Output.from_input

    def declare() -> object:
        return Session("desk", user_id="u", metadata=IDENTITY[place](wrap(make()))).urn

    with pytest.raises(Exception, match=f"metadata: (is|contains) {re.escape(problem)}"):
        run_mocked(declare)


def test_what_contains_itself_is_refused() -> None:
    gc.collect()  # what earlier tests left would be collected where nothing more can be called
    metadata: dict[str, Any] = {}
    metadata["a"] = [metadata]
    line = _refusal(lambda: Session("desk", user_id="u", metadata=metadata))
    assert line == "session desk: metadata: is nested too deeply"


def test_a_group_and_a_session_that_is_read_refuse_it_too() -> None:
    line = _refusal(lambda: SessionGroup("all", user_ids=["u"], metadata={"at": NOW}))
    assert line == f"session group all: metadata: contains {_type('datetime', '; use isoformat()')}"
    line = _refusal(lambda: Session.get("theirs", "3f2a", organization=_any(NOW)))
    assert line == f"session theirs: organization: is {_type('datetime', '; use isoformat()')}"


def _any(value: Any) -> Any:  # noqa: ANN401 - what no type checker lets pass
    return value


def test_what_json_can_carry_is_carried_in_its_own_types() -> None:
    def declare() -> object:
        metadata = {
            "enums": [Level.HIGH, Level.THIRD],
            "mapping": MappingProxyType({"a": range(2)}),
            "tuple": (1, None),
            "known": pulumi.Output.from_input({"a": [pulumi.Output.from_input(2**53 - 1)]}),
            "__hidden": "which check refuses",
        }
        return Session("desk", user_id="u", metadata=metadata).urn

    assert run_mocked(declare).declared["desk"]["metadata"] == {
        "enums": ["high", 3],
        "mapping": {"a": [0, 1]},
        "tuple": [1, None],
        "known": {"a": [2**53 - 1]},
        "__hidden": "which check refuses",
    }


JSON = st.recursive(
    st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc_ é", max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text("ab é", max_size=4), JSON, max_size=4))
def test_any_json_is_carried_unchanged(metadata: dict[str, Any]) -> None:
    declared = run_mocked(lambda: Session("desk", user_id="u", metadata=metadata).urn).declared["desk"]
    assert declared["metadata"] == metadata
