"""The message of an error body, which comes in several shapes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core.redaction import MASK, masked
from quant_sessions_provider.core.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_LENGTH: Final = 500
_MAX_SCANNED: Final = 10_000
_UNSURE: Final = 1_000
"""Last characters of a message cut at the limit: too few characters of a text to be found may be long with escapes."""


def api_words(body: str, sensitive: Iterable[str] = ()) -> str:
    """Return the message of an error body: one line, at most 500 characters, no control characters.

    Known shapes: ``{message}``, ``{error, message}``, ``{error: true, message}``, ``{message: {msg}}``,
    ``{detail: [{msg}]}``, plain text.

    Args:
        body: the response body.
        sensitive: texts that it may echo, to be redacted.

    """
    try:
        message = _message_of(json.loads(body))
    except (ValueError, RecursionError):
        message = "" if is_page(body) else body
    # Redact first: in a text that is cleaned or truncated a sensitive one would no longer be found.
    words = masked(message[:_MAX_SCANNED], sensitive)
    if len(message) > _MAX_SCANNED:
        words = words[: max(len(words) - _UNSURE, words.rfind(MASK) + len(MASK))]
    return one_line(words).strip()[:MAX_LENGTH]


def is_page(body: str) -> bool:
    """Return whether a body is a web page, as proxies and login pages send, and not the API's."""
    return body.lstrip("\ufeff \t\r\n").startswith("<")


def _message_of(body: object) -> str:
    if isinstance(body, str):
        return body
    if isinstance(body, list):
        return _message_of(body[0]) if body else ""
    if not isinstance(body, dict):
        return ""
    for key in ("message", "msg", "error", "detail"):
        message = _message_of(body.get(key))
        if message:
            return message
    return ""
