"""The API's own words, taken from the several shapes that its error bodies come in."""

from __future__ import annotations

import json
import re
from typing import Final

LONGEST: Final = 500
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def api_words(body: str) -> str:
    """Give what an error body says, in one line of at most 500 characters without control characters.

    Known shapes: ``{message}``, ``{error, message}``, ``{error: true, message}``, ``{message: {msg}}``, plain text.
    """
    try:
        found = _from_json(json.loads(body))
    except (ValueError, RecursionError):
        found = "" if body.lstrip().startswith("<") else body
    return _CONTROL.sub(" ", found).strip()[:LONGEST]


def _from_json(body: object) -> str:
    if isinstance(body, str):
        return body
    if not isinstance(body, dict):
        return ""
    for key in ("message", "msg", "error", "detail"):
        words = _from_json(body.get(key))
        if words:
            return words
    return ""
