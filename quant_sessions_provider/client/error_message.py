"""The API's own words, taken from the several shapes that its error bodies come in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core.redaction import MASK, MIN_COMMON, masked
from quant_sessions_provider.core.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST: Final = 500
_CONSIDERED: Final = 10_000


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
        words = words[: max(len(words) + 1 - MIN_COMMON, words.rfind(MASK) + len(MASK))]
    return one_line(words).strip()[:LONGEST]


def is_page(body: str) -> bool:
    """Tell a web page, as proxies and logins answer, from the API's own words."""
    return body.lstrip("\ufeff \t\r\n").startswith("<")


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
