"""What ``make docs`` changes in pages, and what it refuses before it builds; that it builds is shown by the target."""

from pathlib import PurePosixPath

import pytest

from tools.docs.site import for_site, nav_problems, repository

NAV = 'nav = [\n  { "Start" = "index.md" },\n  { "Guides" = [\n    { "A" = "guides/a.md" },\n  ] },\n]\n'
PAGE = PurePosixPath("docs/guides/a.md")


def test_each_page_has_its_line_and_each_line_its_page() -> None:
    assert nav_problems(NAV, {"index.md", "guides/a.md"}) == []
    assert nav_problems(NAV, {"index.md", "other.md"}) == [
        "docs/other.md is not in the nav of zensical.toml",
        "zensical.toml: docs/guides/a.md does not exist",
    ]


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("../expiry.md#rule-1", "../expiry.md#rule-1"),
        ("https://docs.example/x.md", "https://docs.example/x.md"),
        ("#top", "#top"),
        ("../../examples/yaml", f"{repository()}/tree/main/examples/yaml"),
        ("../../README.md#develop", f"{repository()}/blob/main/README.md#develop"),
    ],
)
def test_a_link_out_of_the_docs_goes_to_the_repository(link: str, shown: str) -> None:
    assert for_site(PAGE, f"See [this]({link}).") == (f"See [this]({shown}).", [])


def test_a_link_to_no_file_of_the_repository_is_named() -> None:
    assert for_site(PAGE, "[x](../../no/such.file)")[1] == ["docs/guides/a.md: ../../no/such.file does not exist"]


def test_a_picture_in_two_schemes_follows_the_choice_of_the_reader() -> None:
    dark = '<source media="(prefers-color-scheme: dark)" srcset="d.png">'
    both = f'<picture>\n  {dark}\n  <img src="l.png" alt="x">\n</picture>'
    assert for_site(PAGE, both)[0] == '<img src="l.png#only-light" alt="x"><img src="d.png#only-dark" alt="x">'
