"""``docs/reference`` is what ``make reference`` makes of the code."""

import pytest

from tools.reference import FOLDER, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_made_from_the_code(name: str) -> None:
    assert (FOLDER / f"{name}.md").read_text(encoding="utf-8") == PAGES[name](), "run `make reference`"


def test_no_other_page_is_in_the_folder() -> None:
    assert {page.stem for page in FOLDER.iterdir()} == set(PAGES)
