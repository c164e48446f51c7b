"""``docs/reference`` is what ``make reference`` makes of the code."""

import pytest

from tools.reference import FOLDER, PAGES
from tools.reference.error_texts import error_texts
from tools.reference.errors import known, left_out


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_made_from_the_code(name: str) -> None:
    assert (FOLDER / f"{name}.md").read_text(encoding="utf-8") == PAGES[name](), "run `make reference`"


def test_every_error_of_the_code_has_a_cause_and_a_cure() -> None:
    told = [text for error in known() for text in error.texts] + left_out()
    found = error_texts()
    missing = {text: module for text, module in found.items() if text not in told}
    assert not missing, "add them to tools/reference/errors, then run `make reference`"
    assert [text for text in told if text not in found] == [], "the code has lost them: remove them from there"
    assert len(told) == len(set(told))


def test_no_other_page_is_in_the_folder() -> None:
    assert {page.stem for page in FOLDER.iterdir()} == set(PAGES)
