"""The hosts, and the behaviours that the API's description leaves open, with their combinations.

They are read off the emulator's own switches, so that a new one is tried as soon as it exists.
"""

from __future__ import annotations

from itertools import product
from typing import Any, Final, get_args

from allpairspy import AllPairs  # type: ignore[import-untyped] # it ships no types
from pydantic.alias_generators import to_camel

from quant_sessions_provider.emulator.behaviours import Behaviours, Interim
from quant_sessions_provider.emulator.messages import MessageView
from tests.support.mini_dynamic import DynamicHost
from tests.support.mini_plugin import PluginHost

_STEP: Final = 37

Combination = dict[str, Any]
"""A value for each behaviour, as ``Emulator.behave`` takes it."""

HostClass = type[DynamicHost] | type[PluginHost]
HOSTS: Final[tuple[HostClass, ...]] = (DynamicHost, PluginHost)

_OTHER: Final = ("grant_offset_minutes", "token", "forbidden", "message_window", "returned_id")
"""Switches that are not combined here: numbers, access, and responses of another session, which are errors."""

_FORMS: Final = ("messages", "no_content", "max_page_size", "interim")
"""The form of responses."""

CHOICES: Final[dict[str, tuple[Any, ...]]] = {
    to_camel(name): get_args(field.annotation) or (True, False)
    for name, field in Behaviours.model_fields.items()
    if name not in (*_OTHER, *_FORMS)
}
FORMS: Final[dict[str, tuple[Any, ...]]] = {
    "messages": get_args(MessageView),
    "noContent": (False, True),
    "maxPageSize": (100, 2),
    "interim": get_args(Interim),
}


def every_combination() -> list[Combination]:
    """Return all combinations of behaviours, the defaults first, each with another form of the responses."""
    behaviours = (dict(zip(CHOICES, values, strict=True)) for values in product(*CHOICES.values()))
    forms = [dict(zip(FORMS, values, strict=True)) for values in product(*FORMS.values())]
    # A step that shares no factor with their number meets all of them.
    return [each | forms[number * _STEP % len(forms)] for number, each in enumerate(behaviours)]


def pairwise() -> list[Combination]:
    """Return few combinations that contain each pair of values of two switches. They are the same in each run."""
    every = CHOICES | FORMS
    return [dict(zip(every, values, strict=True)) for values in AllPairs(list(every.values()))]


def named(combination: Combination) -> str:
    """Name a combination in one line, as it can be pasted into ``Emulator.behave``."""
    return ", ".join(f"{key}={value!r}" for key, value in combination.items())
