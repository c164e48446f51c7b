"""Property values between Pulumi's runtime and the core: numbers, unknowns, keys of the runtime's own.

Pulumi's own ``translate_*_property`` are not used: they would rename keys inside people's data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.output import UNKNOWN as PULUMI_UNKNOWN
from pulumi.output import Unknown as PulumiUnknown

from quant_sessions_provider.core.model import UNKNOWN, Properties, Unknown, with_whole_numbers


def inward(properties: Mapping[str, Any]) -> Properties:
    """Take Pulumi's properties: its own keys go, unknowns become one value, whole numbers become integers."""
    return {key: with_whole_numbers(_value_in(value)) for key, value in properties.items() if not key.startswith("__")}


def _value_in(value: Any) -> Any:  # noqa: ANN401 - a property value
    if isinstance(value, PulumiUnknown):
        return UNKNOWN
    if isinstance(value, Mapping):
        return {key: _value_in(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_value_in(inner) for inner in value]
    return value


def outward(properties: Properties) -> dict[str, Any]:
    """Give properties to Pulumi, in its own word for what is not known yet."""
    return {_text_out(key): _value_out(value) for key, value in properties.items()}


def _text_out(text: str) -> str:
    """Replace half a surrogate pair, which JSON may carry and Pulumi's wire may not: a title is cut where it is cut."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _value_out(value: Any) -> Any:  # noqa: ANN401 - a property value
    if isinstance(value, Unknown):
        return PULUMI_UNKNOWN
    if isinstance(value, str):
        return _text_out(value)
    if isinstance(value, dict):
        return outward(value)
    if isinstance(value, list):
        return [_value_out(inner) for inner in value]
    return value
