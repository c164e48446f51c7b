"""Text for people: one line, safe for a terminal or a log, in English."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_INVISIBLE: Final = ("Cf", "Cs", "Co")
"""Categories of what shows nothing, turns the direction of text, or (half a surrogate pair) cannot be written."""
_JOINERS: Final = "\u200c\u200d"
"""Persian, the scripts of India and many emoji are spelled with these, though they show nothing themselves."""


def counted(count: int, what: str) -> str:
    """Return a count in English: 1 message, 2 messages."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def one_line(text: str) -> str:
    """Return a text as one line without control, invisible or direction-changing characters."""
    line = _CONTROL.sub(" ", text)
    return "".join(letter for letter in line if letter in _JOINERS or unicodedata.category(letter) not in _INVISIBLE)


def without_half_pairs(text: str) -> str:
    """Replace half a surrogate pair, as in a title that was cut: JSON can represent it, Pulumi's wire format cannot."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def error_line(stderr: str) -> str:
    """Return the line that says what went wrong, of all that a program prints; empty if it prints nothing."""
    lines = [one_line(line) for line in stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return next(iter(errors or lines), "")
