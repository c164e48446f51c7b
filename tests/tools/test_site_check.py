"""What ``make docs`` finds in a built site; that it builds is shown by the target itself."""

from pathlib import Path

import pytest

from tools.docs.site_check import problems_of

PAGE = """<html><head><link rel="stylesheet" href="s.css"><link rel="canonical" href="https://docs.example/"></head><body>
<h1 id="top">T</h1><a href="#top">t</a><a href="b/c.html#there">c</a><a href="https://other.example/">o</a>
<img src="p.svg#only-dark"></body></html>"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "b").mkdir()
    (tmp_path / "a.html").write_text(PAGE)
    (tmp_path / "b" / "c.html").write_text('<h2 id="there">C</h2><a href="../a.html">a</a><p>text - 1. no list</p>')
    (tmp_path / "s.css").write_text("a { background: url(p.svg) } b { background: url('data:image/svg+xml,x') }")
    (tmp_path / "p.svg").write_text("<svg/>")
    return tmp_path


def test_a_whole_site_has_no_problem(site: Path) -> None:
    assert problems_of(site) == []


@pytest.mark.parametrize(
    ("was", "becomes", "problem"),
    [
        ("b/c.html#there", "b/d.html", "a.html: b/d.html does not exist"),
        ("b/c.html#there", "b/c.html#gone", "a.html: b/c.html#gone has no such anchor"),
        ("#top", "#gone", "a.html: #gone has no such anchor"),
        ("p.svg#only-dark", "q.svg", "a.html: q.svg does not exist"),
        ("s.css", "t.css", "a.html: t.css does not exist"),
        ("s.css", "https://cdn.example/s.css", "a.html: loads https://cdn.example/s.css"),
        ("p.svg#only-dark", "//cdn.example/p.png", "a.html: loads //cdn.example/p.png"),
        ("<body>", '<script src="https://cdn.example/x.js"></script>', "a.html: loads https://cdn.example/x.js"),
        ("<body>", "<p>These:\n- one\n- two</p>", "a.html: a list has no blank line before it"),
    ],
)
def test_what_is_broken_in_a_page_is_named(site: Path, was: str, becomes: str, problem: str) -> None:
    page = site / "a.html"
    assert was in PAGE
    page.write_text(PAGE.replace(was, becomes, 1))
    assert problems_of(site) == [problem]


def test_a_style_that_loads_from_another_host_is_named(site: Path) -> None:
    (site / "s.css").write_text("@font-face { src: url(https://fonts.example/f.woff2) }")
    assert problems_of(site) == ["s.css: loads https://fonts.example/f.woff2"]
