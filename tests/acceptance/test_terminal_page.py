"""``docs/terminal.md`` shows what the real engine draws in terminals, from ``make previews``."""

import pytest

from tools.docs.terminal_page import PAGE, build


@pytest.mark.pages
def test_the_page_shows_the_screens_of_a_run() -> None:
    page = PAGE.read_text()

    assert build(page) == page
