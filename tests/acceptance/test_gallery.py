"""``docs/previews.md`` shows what the engine shows: ``make previews`` writes it, this holds it.

Times and ids are masked.
"""

from tools.docs.build import PAGE, build
from tools.docs.text import masked


def test_the_gallery_of_previews_is_true() -> None:
    assert masked(PAGE.read_text()) == masked(build())
