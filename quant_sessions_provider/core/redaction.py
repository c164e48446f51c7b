"""Redact declared text and the token in errors: an API may echo what it stores."""

from __future__ import annotations

from contextvars import ContextVar
from functools import wraps
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.model import Key, is_by_hand
from quant_sessions_provider.core.state import holds_encrypted
from quant_sessions_provider.core.unescape import readings, undone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from quant_sessions_provider.core.model import Properties
    from quant_sessions_provider.core.unescape import Reading

_MAX_UNREDACTED: Final = 2
MIN_COMMON: Final = 12
"""Length from which a common substring of two texts is no coincidence."""
MASK: Final = "***"

_P = ParamSpec("_P")
_R = TypeVar("_R")

_DECLARED: Final = ("userId", "sessionGroup", "metadata", "messages")
# The API may derive the title from messages.
_KEYS: Final = (*_DECLARED, "title")

# A context variable, because the calls between a verb and its request do not need these properties.
_verb_properties: Final[ContextVar[tuple[Properties, ...]]] = ContextVar("verb_properties", default=())


def redact_errors(verb: Callable[_P, _R]) -> Callable[_P, _R]:
    """Decorate a verb so that its errors contain nothing of the properties in its arguments.

    The request's own body is not enough: a request that appends a message has no user id and no earlier messages.
    """

    @wraps(verb)
    def redacted_verb(*args: _P.args, **named: _P.kwargs) -> _R:
        before = _verb_properties.set(tuple(value for value in (*args, *named.values()) if isinstance(value, dict)))
        try:
            return verb(*args, **named)
        finally:
            _verb_properties.reset(before)

    return redacted_verb


def sensitive_texts() -> Iterator[str]:
    """Yield the declared texts in the properties of the verb that runs in this thread."""
    for properties in _verb_properties.get():
        yield from declared_texts({key: properties[key] for key in _KEYS if key in properties})
        if is_by_hand(properties):
            for key in (Key.EXPIRES_AT, Key.GRANTED_EXPIRES_AT):
                yield from _spellings(properties.get(key))


def has_encrypted_texts() -> bool:
    """Return whether the verb that runs in this thread has declared texts that it cannot read: no echo is recognized.

    A title is not declared, and is always secret.
    """
    keys = (*_DECLARED, Key.EXPIRES_AT, Key.GRANTED_EXPIRES_AT)
    return any(holds_encrypted(properties.get(key)) for properties in _verb_properties.get() for key in keys)


def _spellings(value: object) -> Iterator[str]:
    """Yield a timestamp as it is declared and as APIs write it: one that is set by hand may be secret."""
    timestamp = timestamps.parse_or_none(value)
    if timestamp:
        utc = timestamps.render(timestamp)
        yield from (str(value), utc, utc.replace("T", " "))


def masked(words: str, texts: Iterable[str]) -> str:
    """Replace each of the texts in `words` by ``***``, and any part of one that has 12 characters or more.

    Escapes are undone on both sides before they are compared, so an echo is found however it is escaped. Texts of one
    or two characters are not redacted: they reveal nothing. Takes linear time.
    """
    found = readings(words)
    runs = {run for reading in found for run in _runs(reading.text, MIN_COMMON)}
    common = {run for text in texts for plain in {text, undone(text)} for run in _shared(plain, runs)}
    hidden = bytearray(len(words))
    for reading in found:
        for start, end in _spans(reading, common):
            hidden[start:end] = b"\1" * (end - start)
    groups = groupby(zip(words, hidden, strict=True), key=itemgetter(1))
    return "".join(MASK if covered else "".join(letter for letter, _ in group) for covered, group in groups)


def _shared(text: str, runs: set[str]) -> Iterable[str]:
    """Return the runs that a text contains; a text shorter than a run counts as a whole."""
    if len(text) >= MIN_COMMON:
        return runs.intersection(_runs(text, MIN_COMMON))
    return [text] if len(text) > _MAX_UNREDACTED else []


def _spans(reading: Reading, common: set[str]) -> Iterator[tuple[int, int]]:
    """Yield where in the original a reading contains one of the strings."""
    for length in {len(run) for run in common}:
        for start, run in enumerate(_runs(reading.text, length)):
            if run in common:
                yield reading.spans[start][0], reading.spans[start + length - 1][1]


def _runs(text: str, length: int) -> Iterator[str]:
    return (text[start : start + length] for start in range(len(text) - length + 1))


def declared_texts(body: Mapping[str, Any]) -> Iterator[str]:
    """Yield the declared texts of a request body: values and metadata keys, but not `status` and `role`."""
    for key, value in body.items():
        if key != "status":
            yield from _texts(value, keys=key == "metadata")


def _texts(value: object, *, keys: bool) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, keys=keys)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from [key] if keys else []
            yield from _texts(inner, keys=keys) if keys or key != "role" else []
