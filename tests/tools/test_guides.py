"""The guides in ``docs/guides`` quote the examples that they are about."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent, indent
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
EXAMPLE_OF: Final = {
    "pull-requests": "pull-request",
    "qa": "qa-smoke",
    "workshop": "workshop",
    "agency": "agency",
    "on-call": "on-call",
}
_QUOTES: Final = re.compile(r"^```(?:python|yaml|bash)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_every_guide_is_about_an_example() -> None:
    assert {page.stem for page in (ROOT / "docs" / "guides").iterdir()} == set(EXAMPLE_OF)


@pytest.mark.parametrize("guide", EXAMPLE_OF)
def test_what_a_guide_quotes_is_in_a_file_of_its_example(guide: str) -> None:
    files = [file for file in (ROOT / "examples" / EXAMPLE_OF[guide]).iterdir() if file.is_file()]
    texts = [file.read_text() for file in files]
    quotes = _QUOTES.findall((ROOT / "docs" / "guides" / f"{guide}.md").read_text())
    assert quotes
    assert [quote for quote in quotes if not any(_is_part(dedent(quote), text) for text in texts)] == []


def _is_part(quote: str, text: str) -> bool:
    """Return whether a text has these lines, all of them indented by as much."""
    return any(indent(quote, " " * by) in text or f"run: {quote}" in text for by in range(0, 12, 2))
