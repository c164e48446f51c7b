"""The API's own words, taken from the several shapes that its error bodies come in."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LONGEST: Final = 500
_HARMLESS: Final = 2
_RUN: Final = 12
"""Characters in a row that two texts hardly share by chance."""
_MASK: Final = "***"
_CONSIDERED: Final = 10_000
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_INVISIBLE: Final = ("Cf", "Cs", "Co")
"""Categories of what shows nothing, turns the direction of text, or (half a surrogate pair) cannot be written."""


def api_words(body: str, hidden: Iterable[str] = ()) -> str:
    """Give what an error body says, in one line of at most 500 characters without control characters.

    Known shapes: ``{message}``, ``{error, message}``, ``{error: true, message}``, ``{message: {msg}}``,
    ``{detail: [{msg}]}``, plain text.

    Args:
        body: the answer's.
        hidden: what it may echo and nobody is to read.

    """
    try:
        found = _from_json(json.loads(body))
    except (ValueError, RecursionError):
        found = "" if is_page(body) else body
    # Hidden first: of a text that is cleaned or cut short no one could tell any more what it was.
    words = masked(found[:_CONSIDERED], hidden)
    if len(found) > _CONSIDERED:
        words = words[: max(len(words) + 1 - _RUN, words.rfind(_MASK) + len(_MASK))]
    return one_line(words).strip()[:LONGEST]


def is_page(body: str) -> bool:
    """Tell a web page, as proxies and logins answer, from the API's own words."""
    return body.lstrip("\ufeff \t\r\n").startswith("<")


def one_line(text: str) -> str:
    """Clean a text for a terminal or a log: no control characters, nothing that shows nothing or turns the text."""
    line = _CONTROL.sub(" ", text)
    return "".join(letter for letter in line if unicodedata.category(letter) not in _INVISIBLE)


def _from_json(body: object) -> str:
    if isinstance(body, str):
        return body
    if isinstance(body, list):
        return _from_json(body[0]) if body else ""
    if not isinstance(body, dict):
        return ""
    for key in ("message", "msg", "error", "detail"):
        words = _from_json(body.get(key))
        if words:
            return words
    return ""


def masked(words: str, texts: Iterable[str]) -> str:
    """Blank out what an API may echo: a token, or what people declare, or 12 characters or more out of one.

    A whole text is blanked out if it has three characters; one or two give nothing away.
    """
    spellings = {spelling for text in texts if len(text) > _HARMLESS for spelling in _spellings(text, words)}
    words = _without_runs(words, spellings)
    for spelling in sorted((text for text in spellings if len(text) < _RUN), key=len, reverse=True):
        words = words.replace(spelling, _MASK)
    return words


def _without_runs(words: str, texts: Iterable[str]) -> str:
    """Blank out what words and texts have in common for at least a run; in time that grows with both, not with runs."""
    runs = set(_runs(words))
    common = {run for text in texts for run in runs.intersection(_runs(text))}
    if not common:
        return words
    bare, end = [], 0
    for start in range(len(words)):
        if words[start : start + _RUN] in common:
            bare += [] if start < end else [_MASK]
            end = start + _RUN
        elif start >= end:
            bare.append(words[start])
    return "".join(bare)


def _runs(text: str) -> Iterator[str]:
    return (text[start : start + _RUN] for start in range(len(text) - _RUN + 1))


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
