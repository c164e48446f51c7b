"""``docs/previews.md`` shows the output of the real engine, from ``make previews``. Times and ids are masked."""

from tests.support.masking import masked
from tools.docs.build import PAGE, build


def test_the_page_shows_the_output_of_a_run() -> None:
    assert masked(PAGE.read_text()) == masked(build())
