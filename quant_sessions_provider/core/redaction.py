"""Keeps what people declare, and the token, out of errors: an API may echo what it stores."""

from __future__ import annotations

import json
from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from quant_sessions_provider.core.model import Properties

_HARMLESS: Final = 2
MIN_COMMON: Final = 12
"""Characters in a row that two texts hardly share by chance."""
MASK: Final = "***"

_P = ParamSpec("_P")
_R = TypeVar("_R")

# The title may be made from messages.
_KEYS: Final = ("userId", "sessionGroup", "metadata", "messages", "title")

# Between a verb and the request that fails lie calls which have no use for what is declared.
_at_hand: Final[ContextVar[tuple[Properties, ...]]] = ContextVar("at_hand", default=())


def redact_errors(verb: Callable[_P, _R]) -> Callable[_P, _R]:
    """Have a verb's errors repeat nothing of the properties that it is called with.

    A request alone does not tell: that of an appended message names neither user nor earlier messages.
    """

    @wraps(verb)
    def verb_at_hand(*args: _P.args, **named: _P.kwargs) -> _R:
        before = _at_hand.set(tuple(value for value in (*args, *named.values()) if isinstance(value, dict)))
        try:
            return verb(*args, **named)
        finally:
            _at_hand.reset(before)

    return verb_at_hand


def sensitive_texts() -> Iterator[str]:
    """Return what people declared among the properties of the verb that runs in this thread."""
    for properties in _at_hand.get():
        yield from declared_texts({key: properties[key] for key in _KEYS if key in properties})


def masked(words: str, texts: Iterable[str]) -> str:
    """Blank out what an API may echo: a token, or what people declare, or 12 characters or more out of one.

    A whole text is blanked out if it has three characters; one or two give nothing away.
    """
    spellings = {spelling for text in texts if len(text) > _HARMLESS for spelling in _spellings(text, words)}
    words = _without_runs(words, spellings)
    for spelling in sorted((text for text in spellings if len(text) < MIN_COMMON), key=len, reverse=True):
        words = words.replace(spelling, MASK)
    return words


def _without_runs(words: str, texts: Iterable[str]) -> str:
    """Blank out what words and texts have in common for at least a run; in time that grows with both, not with runs."""
    runs = set(_runs(words))
    common = {run for text in texts for run in runs.intersection(_runs(text))}
    if not common:
        return words
    bare, end = [], 0
    for start in range(len(words)):
        if words[start : start + MIN_COMMON] in common:
            bare += [] if start < end else [MASK]
            end = start + MIN_COMMON
        elif start >= end:
            bare.append(words[start])
    return "".join(bare)


def _runs(text: str) -> Iterator[str]:
    return (text[start : start + MIN_COMMON] for start in range(len(text) - MIN_COMMON + 1))


def _spellings(text: str, words: str) -> Iterator[str]:
    """Spell a text as words may echo it: as it is, in JSON, as a literal of Python, in a URL."""
    yield text
    if "%" in words or "+" in words:
        yield quote(text, safe="", errors="surrogatepass")
        yield quote_plus(text, errors="surrogatepass")
    if "\\" in words:
        yield json.dumps(text)[1:-1]
        yield json.dumps(text, ensure_ascii=False)[1:-1]
        yield repr(text)[1:-1]


def declared_texts(body: Mapping[str, Any]) -> Iterator[str]:
    """List the texts of a request that people declare: values, and the keys of metadata, but no fixed words."""
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
