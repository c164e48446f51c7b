"""The readings of a text: what it may say once the escapes in it are undone, and where in the text that is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.entities import html5
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MIN_READINGS: Final = 16
"""Readings after which no further round of undoing begins: two rounds always, more where few kinds of escape occur."""


@dataclass(frozen=True)
class Reading:
    """A text with escapes undone, and for each character its span in the original."""

    text: str
    spans: Sequence[tuple[int, int]]


def readings(text: str) -> list[Reading]:
    """Return the text itself, and what it says with each kind of escape undone, also one after another.

    Each kind is undone on its own, because only then does undoing return exactly what was escaped: the percent signs
    of a text are not touched where only its backslashes are escapes.
    """
    found = {text: Reading(text, [(at, at + 1) for at in range(len(text))])}
    newest = list(found.values())
    while newest and len(found) < _MIN_READINGS:
        inner = [_undo(escape, reading) for reading in newest for escape in _ESCAPES]
        newest = list({reading.text: reading for reading in inner if reading.text not in found}.values())
        found.update((reading.text, reading) for reading in newest)
    return list(found.values())


def undone(text: str) -> str:
    """Return what a text says with all kinds of escape undone, one after the other: an API may store it that way."""
    for escape in _ESCAPES:
        text = re.sub(escape, _plain, text)
    return text


def _undo(escape: str, reading: Reading) -> Reading:
    parts: list[str] = []
    spans: list[tuple[int, int]] = []
    done = 0
    for match in re.finditer(escape, reading.text):
        start, end = match.span()
        plain = _plain(match)
        if plain == match[0]:
            continue
        parts += [reading.text[done:start], plain]
        spans += reading.spans[done:start]
        spans += [(reading.spans[start][0], reading.spans[end - 1][1])] * len(plain)
        done = end
    return Reading("".join([*parts, reading.text[done:]]), [*spans, *reading.spans[done:]])


def _plain(match: re.Match[str]) -> str:
    """Return what an escape stands for: each is a named group, which names its decoder."""
    return _DECODERS[match.lastgroup or ""](match[0])


def _hex(escape: str) -> str:
    return re.sub(r"[^0-9A-Fa-f]", "", escape)


def _utf8(escape: str) -> str:
    octets = bytes.fromhex(_hex(escape))
    try:
        return octets.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _octal(escape: str) -> str:
    return _utf8(bytes(int(code, 8) % 256 for code in escape.split("\\")[1:]).hex())


def _character(code: int, escape: str) -> str:
    try:
        return chr(code)
    except (OverflowError, ValueError):
        return escape


_LETTERS: Final = dict(zip("0abefnrtv", "\0\a\b\x1b\f\n\r\t\v", strict=True))
# Not html.unescape: it replaces or drops control characters.
_DECODERS: Final[dict[str, Callable[[str], str]]] = {
    "utf8": _utf8,
    "octal": _octal,
    "utf16": lambda escape: bytes.fromhex(_hex(escape)).decode("utf-16-be", "surrogatepass"),
    "code": lambda escape: _character(int(_hex(escape), 16), escape),
    "decimal": lambda escape: _character(int(escape[2:].rstrip(";")), escape),
    "name": lambda escape: html5.get(escape[1:], escape),
    "letter": lambda escape: _LETTERS.get(escape[1], escape[1]),
    "plus": lambda _: " ",
    "doubled": lambda escape: escape[0],
}

# In these patterns H is a hexadecimal digit.
_UTF8: Final = "%[CDcd]H%[89ABab]H|%[Ee]H(?:%[89ABab]H){2}|%[Ff]H(?:%[89ABab]H){3}"
_UTF16: Final = "%u[Dd][89ABab]HH%u[Dd][C-Fc-f]HH|%uHHHH"
_BYTES: Final = f"(?P<utf8>{_UTF8})".replace("%", r"\\x") + r"|(?P<octal>(?:\\[0-7]{3})+)"
_BACKSLASH: Final = (
    f"(?P<utf16>{_UTF16})".replace("%", r"\\") + r"|(?P<code>\\[ux]\{H{1,6}\}|\\UHHHHHHHH|\\xHH)|(?P<letter>\\(?s:.))"
)
_ENTITY: Final = r"(?P<code>&#[Xx]H{1,8};?)|(?P<decimal>&#[0-9]{1,8};?)|(?P<name>&[A-Za-z][A-Za-z0-9]{1,31};)"
_PERCENT: Final = f"(?P<utf16>{_UTF16})|(?P<utf8>{_UTF8}|%HH)"
_FORM: Final = rf"{_PERCENT}|(?P<plus>\+)"
_QUOTE: Final = "(?P<doubled>''|\"\"|``)"
# `re` compiles them when an error is met, which most runs never do.
_ESCAPES: Final = tuple(
    pattern.replace("H", "[0-9A-Fa-f]") for pattern in (_BYTES, _BACKSLASH, _ENTITY, _PERCENT, _FORM, _QUOTE)
)
