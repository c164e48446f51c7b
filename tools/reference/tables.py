"""Markdown of the reference pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MADE: Final = "<!-- Made from the code by `make reference`: edit that instead. -->\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [heads, ["---"] * len(heads), *rows]
    assert not any("|" in cell or "\n" in cell for line in lines for cell in line)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def code(text: object) -> str:
    """Return a text as code; nothing for nothing. GitHub and Python's Markdown escape a bar in a table differently."""
    if "|" in str(text):
        return f"<code>{str(text).replace('|', '&#124;')}</code>"
    return f"`{text}`" if str(text) else ""


def snake(key: str) -> str:
    """Return a state key or the key of a setting as Python spells it."""
    return re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", key)


def from_docstring(text: str) -> str:
    """Return a part of a docstring as Markdown: roles and double backquotes become code, pages of docs links."""
    plain = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text.replace("``", "`"))
    return re.sub(r"`docs/([\w-]+)\.md`", r"[\1](../\1.md)", plain)


def in_one_line(text: str) -> str:
    """Return a docstring's text without its line ends."""
    return from_docstring(re.sub(r"\s+", " ", text).strip())
