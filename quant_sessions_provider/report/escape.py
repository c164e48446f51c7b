"""Writes text of unknown origin into Markdown: it looks as written, and becomes neither markup, a link nor a mention.

GitHub and GitLab find addresses while they parse Markdown, also within ``<code>``, and mentions, issues and commits in
the finished page, after entities are decoded, but not within code. So what could become a link is written as code, and
without the letters that begin an address.
"""

from __future__ import annotations

import re
from typing import Final

from quant_sessions_provider.core.text import one_line

_CODE: Final = re.compile(r"`([^`]*)`")
_LINKED: Final = re.compile(
    r"""((?:[a-z][\w+.-]*://|www\.)\S*[^\s.,;:)'"]"""  # an address
    r"|[\w+.-]*://"  # the beginning of one
    r"|\b[0-9a-f]{7,}(?:-[0-9a-f]{4,})*\b"  # a commit; session ids look like one
    r"|\b[a-z]\w*-\d\w*)",  # an issue: GH-1, or JIRA-1 where that is configured
    re.IGNORECASE,
)
_PLAIN_CODE: Final = re.compile(r"[\w .:/+-]+")
_MARKUP: Final = re.compile(r"[^\w\s.,;:()/+='\"?-]|_")
_MARKUP_IN_CODE: Final = re.compile(r"[^\w\s]|_")
_LINE_START: Final = re.compile(r"^(\s*\d*)([-+=.)])")
"""Begins a list, or turns the line above into a heading."""
_SIGILS: Final = "@#!~%$^&*["
"""Begin a mention or a reference on GitHub or GitLab."""


def code(text: str, limit: int) -> str:
    """Return a text as code, cut to a number of characters."""
    line = one_line(_cut(text, limit))
    if _PLAIN_CODE.fullmatch(line) and line == line.strip():
        return f"`{line}`"
    return f"<code>{_MARKUP_IN_CODE.sub(_entity, line)}</code>"


def sentence(text: str, limit: int) -> str:
    """Return a sentence, cut to a number of characters, with code where it has backticks or something to link to."""
    pieces = _CODE.split(one_line(_cut(text, limit)))
    line = "".join(code(piece, limit) if index % 2 else _unlinked(piece, limit) for index, piece in enumerate(pieces))
    return _LINE_START.sub(lambda found: f"{found[1]}&#{ord(found[2])};", line)


def _unlinked(text: str, limit: int) -> str:
    pieces = _LINKED.split(text)
    return "".join(
        code(piece, limit) if index % 2 else _MARKUP.sub(_entity, piece) for index, piece in enumerate(pieces)
    )


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"


def _entity(found: re.Match[str]) -> str:
    return f"&#{ord(found.group())};{'&#8203;' if found.group() in _SIGILS else ''}"
