"""The behaviours that the API's description leaves open, and their combinations.

They are read off the emulator's own switches, so that a new one is tried as soon as it exists.
"""

from __future__ import annotations

from itertools import product
from typing import Any, Final, get_args

from allpairspy import AllPairs  # type: ignore[import-untyped] # it ships no types
from pydantic.alias_generators import to_camel

from quant_sessions_provider.emulator.behaviours import Behaviours

Combination = dict[str, Any]
"""A value for each behaviour, as ``Emulator.behave`` takes it."""

_OTHER: Final = (
    *("grant_offset_minutes", "token", "forbidden", "messages", "message_window"),
    *("returned_id", "no_content", "max_page_size", "interim"),
)
"""Switches that are not tried here: numbers, who is let in, and in what form the API answers."""

CHOICES: Final[dict[str, tuple[Any, ...]]] = {
    to_camel(name): get_args(field.annotation) or (True, False)
    for name, field in Behaviours.model_fields.items()
    if name not in _OTHER
}


def every_combination() -> list[Combination]:
    """List all combinations, that of all defaults first."""
    return [dict(zip(CHOICES, values, strict=True)) for values in product(*CHOICES.values())]


def pairwise() -> list[Combination]:
    """List few combinations in which each two values of two behaviours meet at least once; the same in each run."""
    return [dict(zip(CHOICES, values, strict=True)) for values in AllPairs(list(CHOICES.values()))]


def named(combination: Combination) -> str:
    """Name a combination in one line, as it can be pasted into ``Emulator.behave``."""
    return ", ".join(f"{key}={value!r}" for key, value in combination.items())
