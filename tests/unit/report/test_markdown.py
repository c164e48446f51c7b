from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import cmarkgfm  # type: ignore[import-untyped] # it has no types
import pytest
from cmarkgfm.cmark import Options  # type: ignore[import-untyped] # likewise
from hypothesis import example, given
from hypothesis import strategies as st

from quant_sessions_provider.report import markdown
from quant_sessions_provider.report.preview import read
from tests.support.previews import NOW, PRIVATE, note, preview, said, step

NEW_ONE = "; the new one lives until about 13:00Z"
LOST = [
    step("replace", "desk"),
    said("desk", f"desk: userId changed: replacing it loses 14 messages{NEW_ONE}", "warning"),
]
KEPT = [step("create", "desk")]
FAILED = [said("bad", "error: no", "error")]


def written(*parts: dict[str, Any], same: int = 0) -> str:
    return markdown.markdown(read(preview(*parts, same=same), NOW))


def html(text: str) -> str:
    return str(cmarkgfm.github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE))


def headline(text: str) -> str:
    return text.splitlines()[1].partition(": ")[2]


def test_the_headline_says_the_worst() -> None:
    assert headline(written(*LOST)) == "1 conversation will be lost"
    assert headline(written(*LOST, step("delete", "x"), *FAILED)) == "2 conversations will be lost, the preview failed"
    assert headline(written(*KEPT)) == "no conversation is lost"
    declared = f"desk: userId changed: replacing it loses nothing: it holds only declared messages{NEW_ONE}"
    assert headline(written(step("replace", "desk"), said("desk", declared))) == "no conversation is lost"
    assert headline(written(*FAILED)) == "the preview failed"
    assert headline(written()) == "none declared"
    assert headline(written(same=3)) == "no conversation is lost"


def test_the_loss_is_counted_as_far_as_it_is_known() -> None:
    assert "deletes **1 conversation** (14 messages)." in written(*LOST)
    assert "deletes **1 conversation** (an unknown number of messages)." in written(step("delete", "x"))
    both = "deletes **3 conversations** (at least 14 messages: not all are counted in 2 of them)."
    assert both in written(*LOST, step("delete", "x"), step("delete", "y"))
    partly = said("x", f"x: userId changed: replacing it loses at least 3 messages{NEW_ONE}", "warning")
    some = written(*LOST, step("replace", "x"), partly)
    assert "deletes **2 conversations** (at least 17 messages: not all are counted in 1 of them)." in some
    assert "| **at least 3** |" in some
    assert "[!CAUTION]" not in written(*KEPT)


def test_the_first_line_names_the_stack() -> None:
    assert written(*KEPT).splitlines()[0] == "<!-- quant-sessions report shop/main -->"
    odd = {**step("create", "desk"), "urn": step("create", "desk")["urn"].replace("main", "--><b>")}
    assert written(odd).splitlines()[0] == "<!-- quant-sessions report shop/--__b_ -->"
    assert written().splitlines()[0] == "<!-- quant-sessions report -->"


def test_unchanged_sessions_are_folded_and_other_resources_are_one_line() -> None:
    text = written(step("same", "desk"), step("create", "b", kind="aws:s3:Bucket"), same=4)
    assert "<details><summary>1 session unchanged</summary>\n\n| session |" in text
    assert text.endswith("Other resources: 1 `create`.\n\n3 resources unchanged; `--show-sames` lists them.\n")


def test_losses_come_first_and_the_last_rows_are_left_out() -> None:
    text = written(*(step("create", f"c{index}") for index in range(300)), step("delete", "z"))
    assert "| `z` | delete |" in text
    assert text.endswith("\n\n… and 201 more: see the output of the preview.\n")
    assert len(text) < markdown.MAX_COMMENT


LONG = "*" * 400
ROWS = [step("create", f"c{index}{LONG}") for index in range(200)]
SAMES = [step("same", f"s{index}{LONG}") for index in range(200)]
ERRORS = [said(f"bucket-{index}", f"error: {LONG}", "error", kind="aws:s3:Bucket") for index in range(300)]
BAD = [said(f"bad-{index}", f"error: {LONG}", "error") for index in range(300)]
FULL = {"rows": ROWS, "sames": SAMES, "errors": ERRORS, "bad": BAD, "all": [*ROWS, *SAMES, *ERRORS, *BAD]}


@pytest.mark.parametrize("parts", FULL.values(), ids=FULL)
def test_a_comment_never_exceeds_the_limit_and_says_what_it_leaves_out(parts: list[dict[str, Any]]) -> None:
    text = written(*parts, step("delete", "z"), same=len(parts))
    assert len(text.encode("utf-16-le")) / 2 <= markdown.MAX_COMMENT
    assert "| `z` | delete |" in text
    page = html(text)
    left_out = [
        int(count) for count in re.findall(r"… and (\d+)(?: errors)? more: see the output of the preview", page)
    ]
    shown = len(re.findall(r"<tr>\s*<td>", page)) + page.count("bucket-")
    assert shown + sum(left_out) == len(parts) + 1


def test_each_list_has_its_share_of_a_full_comment() -> None:
    page = html(written(*FULL["all"]))
    assert "<td>error</td>" in page
    assert "bucket-" in page
    assert "<td>none</td>" in page


@given(letters=st.text(min_size=1, max_size=20), count=st.integers(0, 120))
def test_no_letters_make_a_comment_too_long(letters: str, count: int) -> None:
    name = letters.replace("::", "") * 20
    parts = [
        part for index in range(count) for part in (step("same", f"{index}{name}"), said(f"x{index}", name, "error"))
    ]
    assert len(written(*parts).encode("utf-16-le")) / 2 <= markdown.MAX_COMMENT


def test_no_declared_value_is_in_it() -> None:
    parts = [step(op, op) for op in ("create", "update", "replace", "delete", "same", "read")]
    others = [said("create", PRIVATE), note(PRIVATE), note(f"session {PRIVATE}"), said("x", PRIVATE, "warning")]
    found = read(preview(*parts, *others), NOW)
    assert PRIVATE not in markdown.markdown(found) + json.dumps(markdown.as_json(found))


NASTY = ["a|b", "`x`", "<b>", "@ada", "#12", "[x](https://x.example)", "![x](y)", "**x**", "a\nb", "\u202eabc", "&lt;"]
NASTY += ["</code><script>", "<!-- x -->", "~~x~~", "$x$", "\\", "a`|`b", "| --- |", "> [!NOTE]", "_x_", "GH-1", "*"]
NASTY += ["https://x.example", "HTTPS://x.example/@ada?a=1#b", "www.x.example", "a@x.example", "mailto:a@x.example"]
NASTY += [
    "acme/shop#1",
    "acme/shop@3f2a91c",
    "3f2a91c4d5e6f708",
    "JIRA-12",
    "!7",
    "~bug",
    "%v1",
    "&3",
    "$4",
    "^alert#1",
]
NASTY += [
    "[vulnerability:1]",
    "*iteration:1",
    "ftp://x.example",
    "see https://x.example, then",
    "`www.x.example",
    "a`@ada`",
]


@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_a_text_looks_as_written_and_is_no_markup_and_no_link(text: str) -> None:
    check_row(text)
    check_error(text)


@pytest.mark.parametrize(
    "text", ["- x", "+ x", "* x", "12. x", "3) x", "===", "- - -", "---", "\u2028- x", "    - x"], ids=ascii
)
@pytest.mark.parametrize("before", [[], FAILED], ids=["first", "second"])
def test_an_error_that_begins_like_a_list_or_a_heading_is_a_line(text: str, before: list[dict[str, Any]]) -> None:
    page = html(written(*before, {"message": f"error: {text}", "severity": "error"}))
    (alert,) = re.findall(r"<blockquote>\s*<p>(.*?)</p>\s*</blockquote>", page, re.DOTALL)
    assert text.strip().split(" ")[0] in alert.replace("\u200b", "").splitlines()[-1]
    assert not re.search(r"<(?!br />)", alert)


@given(st.text(min_size=1, max_size=30).filter(lambda name: "::" not in name))
@example("`")
@example(" x ")
@example("://")
@example("a://.")
def test_any_text_is_no_markup_and_no_link(text: str) -> None:
    check_row(text)
    check_error(text)


def check_row(name: str) -> None:
    """Check that a session of that name is one row of five cells, with nothing but code in the first."""
    update = step("update", name)
    page = html(written(update, said(name, f"{name}: sends its metadata {name}", "info")))
    (row,) = re.findall(r"<tr>\s*(<td.*?)</tr>", page, re.DOTALL)
    cells = re.findall(r"<td>(.*?)</td>", row, re.DOTALL)
    assert len(cells) == 5
    assert re.fullmatch(r"<code>[^<]*</code>", cells[0])
    check_plain(cells[2])


def check_error(text: str) -> None:
    """Check that an error with that text is one line, with nothing in it but words and code."""
    page = html(written({"message": f"error: x {text}", "severity": "error"}))
    (alert,) = re.findall(r"missing here.<br />\n(.*?)</p>", page, re.DOTALL)
    check_plain(alert)


def check_plain(shown: str) -> None:
    assert not re.search(r"<(?!/?code>)", shown)
    rest = unescape(re.sub("<code>.*?</code>", " ", shown, flags=re.DOTALL))
    assert not re.search(r"[@#!~%$^&*[]\w|://|www\.|\b[a-z]\w*-\d|\b[0-9a-f]{7,}\b", rest, re.IGNORECASE)


def test_an_address_an_issue_and_a_commit_in_an_error_can_be_copied() -> None:
    text = "see https://x.example/a?b=c, GH-12 and session 3f2a91c4-7d1e-4c5b-9a51-0c2d3e4f5a6b."
    page = html(written({"message": text, "severity": "error"}))
    shown = "see <code>https://x.example/a?b=c</code>, <code>GH-12</code> and session"
    assert f"{shown} <code>3f2a91c4-7d1e-4c5b-9a51-0c2d3e4f5a6b</code>." in page
