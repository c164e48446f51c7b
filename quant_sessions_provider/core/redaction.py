"""Redact declared text and the token in errors: an API may echo what it stores."""

from __future__ import annotations

import json
from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from quant_sessions_provider.core.model import Properties

_MAX_UNREDACTED: Final = 2
MIN_COMMON: Final = 12
"""Length from which a common substring of two texts is no coincidence."""
MASK: Final = "***"

_P = ParamSpec("_P")
_R = TypeVar("_R")

# The API may derive the title from messages.
_KEYS: Final = ("userId", "sessionGroup", "metadata", "messages", "title")

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


def masked(words: str, texts: Iterable[str]) -> str:
    """Replace each of the texts in `words` by ``***``, and any part of one that has 12 characters or more.

    Texts of one or two characters are not redacted: they reveal nothing.
    """
    spellings = {spelling for text in texts if len(text) > _MAX_UNREDACTED for spelling in _spellings(text, words)}
    words = _mask_runs(words, spellings)
    for spelling in sorted((text for text in spellings if len(text) < MIN_COMMON), key=len, reverse=True):
        words = words.replace(spelling, MASK)
    return words


def _mask_runs(words: str, texts: Iterable[str]) -> str:
    """Replace substrings of at least `MIN_COMMON` characters that `words` has in common with the texts.

    Takes linear time.
    """
    runs = set(_runs(words))
    common = {run for text in texts for run in runs.intersection(_runs(text))}
    if not common:
        return words
    parts, end = [], 0
    for start in range(len(words)):
        if words[start : start + MIN_COMMON] in common:
            parts += [] if start < end else [MASK]
            end = start + MIN_COMMON
        elif start >= end:
            parts.append(words[start])
    return "".join(parts)


def _runs(text: str) -> Iterator[str]:
    return (text[start : start + MIN_COMMON] for start in range(len(text) - MIN_COMMON + 1))


def _spellings(text: str, words: str) -> Iterator[str]:
    """Yield the encodings in which `words` may contain a text: plain, JSON, Python literal, URL."""
    yield text
    if "%" in words or "+" in words:
        yield quote(text, safe="", errors="surrogatepass")
        yield quote_plus(text, errors="surrogatepass")
    if "\\" in words:
        yield json.dumps(text)[1:-1]
        yield json.dumps(text, ensure_ascii=False)[1:-1]
        yield repr(text)[1:-1]


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
