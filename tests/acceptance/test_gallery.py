"""``docs/previews.md`` shows the output of the real engine, from ``make previews``. Times and ids are masked."""

import pytest

from tests.support.masking import masked
from tools.docs.build import PAGE, build_first, build_rest


@pytest.mark.pages
def test_the_page_begins_with_the_output_of_a_run() -> None:
    assert masked(PAGE.read_text()).startswith(masked(build_first()))


@pytest.mark.pages
def test_the_page_ends_with_the_output_of_the_runs_that_fail() -> None:
    assert masked(PAGE.read_text()).endswith(masked(build_rest()))
