"""Property values between Pulumi's runtime and the core: numbers, unknowns, keys of the runtime's own.

Pulumi's own ``translate_*_property`` are not used: they would rename keys inside people's data.
"""

from __future__ import annotations

from collections.abc import Mapping
from inspect import isawaitable
from typing import Any, Final

from pulumi.output import UNKNOWN as PULUMI_UNKNOWN
from pulumi.output import Output
from pulumi.output import Unknown as PulumiUnknown

from quant_sessions_provider.core.model import UNKNOWN, Properties, Unknown, with_whole_numbers
from quant_sessions_provider.core.text import without_half_pairs

REFUSED: Final = "__refused"
"""The key that a program puts, with the reason, in place of a value that Pulumi could not carry."""
REPLACE_ON_CHANGES: Final = "__replaceOnChanges"
"""An input that never reaches state: it tells check of the option, upon which the engine acts by itself."""


def refusals(value: object) -> list[str]:
    """Return why parts of a value are refused."""
    if isinstance(value, Mapping):
        here = [str(value[REFUSED])] if REFUSED in value else []
        return here + [line for inner in value.values() for line in refusals(inner)]
    return [line for inner in value for line in refusals(inner)] if isinstance(value, list) else []


def from_pulumi(properties: Mapping[str, Any]) -> Properties:
    """Return properties for the core: no keys of Pulumi's own, one value for unknowns, whole floats as int."""
    return {
        key: with_whole_numbers(_value_from_pulumi(value))
        for key, value in properties.items()
        if not key.startswith("__")
    }


def _value_from_pulumi(value: Any) -> Any:  # noqa: ANN401 - a property value
    if isinstance(value, PulumiUnknown):
        return UNKNOWN
    if isinstance(value, Mapping):
        return {key: _value_from_pulumi(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_value_from_pulumi(inner) for inner in value]
    return value


def is_deferred(value: object) -> bool:
    """Return whether a value is known only later: an Output, or something to await."""
    return isinstance(value, Output) or isawaitable(value)


def to_pulumi(properties: Properties) -> dict[str, Any]:
    """Return properties for Pulumi, with its own value for unknowns."""
    return {without_half_pairs(key): _value_to_pulumi(value) for key, value in properties.items()}


def _value_to_pulumi(value: Any) -> Any:  # noqa: ANN401 - a property value
    if isinstance(value, Unknown):
        return PULUMI_UNKNOWN
    if isinstance(value, str):
        return without_half_pairs(value)
    if isinstance(value, dict):
        return to_pulumi(value)
    if isinstance(value, list):
        return [_value_to_pulumi(inner) for inner in value]
    return value
