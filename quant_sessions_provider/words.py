"""The API's own words, taken from the several shapes that its error bodies come in."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LONGEST: Final = 500
_HARMLESS: Final = 2
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def api_words(body: str) -> str:
    """Give what an error body says, in one line of at most 500 characters without control characters.

    Known shapes: ``{message}``, ``{error, message}``, ``{error: true, message}``, ``{message: {msg}}``,
    ``{detail: [{msg}]}``, plain text.
    """
    try:
        found = _from_json(json.loads(body))
    except (ValueError, RecursionError):
        found = "" if body.lstrip().startswith("<") else body
    return _CONTROL.sub(" ", found).strip()[:LONGEST]


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
    """Blank out what an API may echo: a token, or what people declare. One or two characters give nothing away."""
    for text in sorted((text for text in texts if len(text) > _HARMLESS), key=len, reverse=True):
        words = words.replace(text, "***")
    return words


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
