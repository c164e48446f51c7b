"""``docs/terminal.md`` and ``docs/preview.svg`` show what the engine draws in terminals, from ``make previews``."""

import pytest

from tools.docs.preview_picture import PICTURE, picture
from tools.docs.terminal_page import PAGE, build


@pytest.mark.pages
def test_the_page_shows_the_screens_of_a_run() -> None:
    page = PAGE.read_text()

    assert build(page) == page


@pytest.mark.pages
def test_the_picture_is_a_preview() -> None:
    assert picture() == PICTURE.read_text()
