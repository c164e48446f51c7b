"""The one converter that every argument goes through: what Pulumi cannot carry is refused in one line.

Pulumi itself fails with a traceback that prints whole messages or metadata, or drops or rounds a part of them. No value
is repeated here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

from quant_sessions_provider.core.model import INPUTS, PROPERTIES, ROUNDED, by_state_key, is_rounded
from quant_sessions_provider.dynamic.properties import REFUSED, is_deferred

if TYPE_CHECKING:
    from collections.abc import Callable

    from quant_sessions_provider.core.model import Kind

_MINUTE: Final = timedelta(minutes=1)
_STRINGIFIED: Final = "Calling __str__ on an Output[T] is not supported"
"""What Pulumi puts in place of an Output in an f-string."""
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""The key by which Pulumi marks secrets and assets."""
_HINTS: Final = {
    **dict.fromkeys(("date", "datetime", "time"), "; use isoformat()"),
    "timedelta": "; use total_seconds()",
    **dict.fromkeys(("generator", "set", "frozenset", "dict_keys", "dict_values", "map", "filter"), "; use a list"),
    **dict.fromkeys(("bytes", "bytearray"), "; decode it"),
    **dict.fromkeys(("Decimal", "UUID"), "; use a string"),
}


class _UncarriedError(ValueError):
    """A value that Pulumi cannot carry, or not as it is; the text says what it is."""


def _as_timestamp(value: object) -> object:
    if isinstance(value, datetime) and value.utcoffset() is not None:
        return value.isoformat()
    if isinstance(value, date):
        kind = "datetime" if isinstance(value, datetime) else "date"
        raise _UncarriedError(f"is a {kind} without a time zone; use a datetime with tzinfo")
    return value


def _as_minutes(value: object) -> object:
    """Return the minutes of a timedelta; check refuses a fraction of one."""
    if not isinstance(value, timedelta):
        return value
    minutes, rest = divmod(value, _MINUTE)
    return value / _MINUTE if rest else minutes


_OF_KIND: Final[dict[Kind, Callable[[object], object]]] = {"timestamp": _as_timestamp, "minutes": _as_minutes}
_OF_ARGUMENT: Final = {
    row.name: _OF_KIND[row.kind] for row in (PROPERTIES[key] for key in INPUTS) if row.kind in _OF_KIND
}


def inputs_of(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a session as its inputs.

    Raises:
        pulumi.RunError: Pulumi could not carry one, or not as it is.

    """
    owner = f"session {name}"
    return by_state_key({argument: carried(value, owner, argument) for argument, value in arguments.items()})


def carried(value: Any, owner: str, argument: str) -> Any:  # noqa: ANN401 - anything that people declare
    """Return an argument in the types that Pulumi carries; errors begin with its owner.

    What is known only later, and then is wrong, is marked for check to refuse: an error in an ``apply`` would be a
    traceback.

    Raises:
        pulumi.RunError: Pulumi could not carry it, or not as it is.

    """
    try:
        return _carried(value, argument)
    except _UncarriedError as error:
        raise pulumi.RunError(f"{owner}: {argument}: {error}") from None


def _carried(value: Any, argument: str, verb: str = "is") -> Any:  # noqa: ANN401 - as above
    if is_deferred(value):
        return pulumi.Output.from_input(value).apply(lambda known: _once_known(known, argument, verb))
    if isinstance(value, Enum):
        value = value.value
    if argument in _OF_ARGUMENT:
        value = _OF_ARGUMENT[argument](value)
    problem = _problem_with_scalar(value)
    if problem:
        raise _UncarriedError(f"{verb} {problem}")
    try:
        return _carried_inside(value, argument)
    except RecursionError:
        raise _UncarriedError("is nested too deeply") from None


def _carried_inside(value: Any, argument: str) -> Any:  # noqa: ANN401 - as above
    if isinstance(value, Mapping):
        problem = _problem_with_keys(value)
        if problem:
            raise _UncarriedError(f"contains {problem}")
        return {key: _carried(inner, argument, "contains") for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_carried(inner, argument, "contains") for inner in value]
    return value


def _once_known(value: Any, argument: str, verb: str) -> Any:  # noqa: ANN401 - as above
    try:
        return _carried(value, argument, verb)
    except _UncarriedError as error:
        problem = f"{argument}: {error}"
    if isinstance(get_monitor(), MockMonitor):
        # Mocks run no check.
        raise pulumi.RunError(problem)
    return {REFUSED: problem}


def _problem_with_scalar(value: object) -> str:
    if isinstance(value, str):
        return _problem_with_text(value)
    if isinstance(value, (int, float)):
        return _problem_with_number(value)
    is_sequence = isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview))
    if value is None or is_sequence or isinstance(value, Mapping):
        return ""
    hint = "; use its id" if isinstance(value, pulumi.Resource) else _HINTS.get(type(value).__name__, "")
    return f"a value of type {type(value).__name__}, which JSON cannot represent{hint}"


def _problem_with_text(text: str) -> str:
    if _STRINGIFIED in text:
        return "an Output that was made a string; use pulumi.Output.concat or pulumi.Output.format"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "a string with half a surrogate pair, which is not valid Unicode"
    return ""


def _problem_with_number(number: float) -> str:
    if isinstance(number, float) and not math.isfinite(number):
        return "a number that is not finite"
    return ROUNDED if is_rounded(number) else ""


def _problem_with_keys(mapping: Mapping[Any, Any]) -> str:
    if any(value is None for value in mapping.values()):
        return "None, which Pulumi drops; omit the key"
    if not all(isinstance(key, str) for key in mapping):
        return "a key that is not a string"
    if _SIGNATURE in mapping:
        return "a key that Pulumi reserves"
    return next(filter(None, map(_problem_with_text, mapping)), "")
