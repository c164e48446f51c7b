"""The blocks of a page that a reader copies or compares."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_BLOCK: Final = re.compile(r"^(?:`([^`\n]+)`:\n\n)?```(sh|python|yaml|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


class Block(NamedTuple):
    """``sh`` is run, ``python`` and ``yaml`` are written to the file named above them, ``text`` is what was printed."""

    language: str
    text: str
    file: str


def blocks_of(page: str) -> list[Block]:
    """Return the fenced blocks of a page in order; a program without the name of a file is the main one."""
    return [Block(language, text, file or "__main__.py") for file, language, text in _BLOCK.findall(page)]
