"""README as a stranger follows it; ``make docs-test`` follows the other pages too, and installs the package."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.docs.blocks import blocks_of
from tests.docs.stranger import PAGES, ROOT, follow
from tools import fresh

if TYPE_CHECKING:
    from pathlib import Path

README = PAGES[0]


def test_the_readme_does_what_it_says_and_shows_what_a_terminal_shows(tmp_path: Path) -> None:
    shown, untrue = follow(README, tmp_path, install=False)
    assert untrue == [], shown


def test_make_fresh_runs_the_targets_of_the_readme() -> None:
    lines = [line for block in blocks_of(README.text) if block.language == "sh" for line in block.text.splitlines()]
    assert {line.split()[1] for line in lines if line.startswith("make ")} <= fresh.TARGETS


def test_the_readme_is_one_page_whose_links_hold_anywhere() -> None:
    assert len(README.text.splitlines()) <= 60
    links = re.findall(r"\]\(([^)]+)\)", README.text)
    ours = [link for link in links if "/blob/main/" in link or "raw.githubusercontent.com" in link]
    assert [link for link in links if not link.startswith("https://")] == []
    for link in ours:
        assert (ROOT / link.partition("/main/")[2]).is_file()
