from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from typer.testing import CliRunner

from quant_sessions_provider.cli.app import app
from quant_sessions_provider.report import markdown as report_text
from quant_sessions_provider.report import preview as report
from tests.support.previews import NOW, PRIVATE, note, preview, printed, said, state, step

if TYPE_CHECKING:
    from pathlib import Path

LOST = [step("replace", "desk"), note("session id-of-desk: userId changed; replacing it loses 14 messages")]
KEPT = [step("create", "desk")]
FAILED = [said("bad", "error: no", "error")]


def markdown(*parts: dict[str, Any], same: int = 0) -> str:
    return report_text.markdown(report.read(preview(*parts, same=same), NOW))


def html(text: str) -> str:
    return str(MarkdownIt("gfm-like", {"linkify": False}).render(text))


def headline(text: str) -> str:
    return text.splitlines()[1].partition(": ")[2]


def test_the_headline_says_the_worst() -> None:
    assert headline(markdown(*LOST)) == "1 conversation will be lost"
    assert headline(markdown(*LOST, step("delete", "x"), *FAILED)) == "2 conversations will be lost, the preview failed"
    assert headline(markdown(*KEPT)) == "no conversation is lost"
    assert headline(markdown(*FAILED)) == "the preview failed"
    assert headline(markdown()) == "none declared"


def test_the_loss_is_counted_as_far_as_it_is_known() -> None:
    assert "deletes **1 conversation** (14 messages)." in markdown(*LOST)
    assert "deletes **1 conversation** (an unknown number of messages)." in markdown(step("delete", "x"))
    both = "deletes **3 conversations** (at least 14 messages: the number is unknown for 2 of them)."
    assert both in markdown(*LOST, step("delete", "x"), step("delete", "y"))
    assert "[!CAUTION]" not in markdown(*KEPT)


def test_the_first_line_names_the_stack() -> None:
    assert markdown(*KEPT).splitlines()[0] == "<!-- quant-sessions report shop/main -->"
    odd = {**step("create", "desk"), "urn": step("create", "desk")["urn"].replace("main", "--><b>")}
    assert markdown(odd).splitlines()[0] == "<!-- quant-sessions report shop/--__b_ -->"
    assert markdown().splitlines()[0] == "<!-- quant-sessions report -->"


def test_unchanged_sessions_are_folded_and_other_resources_are_one_line() -> None:
    text = markdown(step("same", "desk"), step("create", "b", kind="aws:s3:Bucket"), same=4)
    assert "<details><summary>1 session unchanged</summary>\n\n| session |" in text
    assert text.endswith("Other resources: 1 `create`.\n\n3 resources unchanged; `--show-sames` lists them.\n")


def test_a_comment_has_a_limit_and_losses_come_first() -> None:
    text = markdown(*(step("create", f"c{index}") for index in range(300)), step("delete", "z"))
    assert "| `z` | delete |" in text
    assert text.endswith("\n\n… and 201 more: see the output of the preview.\n")
    assert len(text) < 65_536


def test_no_declared_value_is_in_it() -> None:
    parts = [step(op, op) for op in ("create", "update", "replace", "delete", "same", "read")]
    others = [said("create", PRIVATE), note(PRIVATE), note(f"session {PRIVATE}"), said("x", PRIVATE, "warning")]
    found = report.read(preview(*parts, *others), NOW)
    assert PRIVATE not in report_text.markdown(found) + json.dumps(report_text.as_json(found))


NASTY = ["a|b", "`x`", "<b>", "@ada", "#12", "[x](https://x.example)", "![x](y)", "**x**", "a\nb", "\u202eabc", "&lt;"]
NASTY += ["</code><script>", "<!-- x -->", "~~x~~", "$x$", "\\", "a`|`b", "| --- |", "> [!NOTE]", "_x_", "GH-1", "*"]


@pytest.mark.parametrize("name", NASTY, ids=ascii)
def test_a_name_looks_as_written_and_is_no_markup(name: str) -> None:
    check_row(name)


@given(st.text(min_size=1, max_size=30).filter(lambda name: "::" not in name))
@example("`")
@example(" x ")
def test_any_name_is_one_cell_of_code(name: str) -> None:
    check_row(name)


def check_row(name: str) -> None:
    """Check that a session of that name is one row of five cells, with nothing but code in the first."""
    update = step("update", name)
    page = html(markdown(update, said(name, f"{name}: sends its metadata {name}", "info")))
    (row,) = re.findall(r"<tr>\s*(<td.*?)</tr>", page, re.DOTALL)
    cells = re.findall(r"<td>(.*?)</td>", row, re.DOTALL)
    assert len(cells) == 5
    assert re.fullmatch(r"<code>[^<]*</code>", cells[0])
    assert not re.search(r"<(?!/?code>)|[@#]\w", re.sub("<code>.*?</code>", "", cells[2]))


def run(*arguments: str, given_: str | bytes = "") -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["report", *arguments], input=given_)
    return done.exit_code, done.stdout, done.stderr


def test_it_reads_a_file_or_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "preview.json"
    file.write_text(printed(*LOST))
    assert run(str(file)) == run(given_=printed(*LOST)) == run("-", given_=printed(*LOST).encode("utf-16"))
    assert run(str(file))[0] == 0


@pytest.mark.parametrize(("parts", "code"), [(LOST, 1), (FAILED, 1), (KEPT, 0)], ids=["lost", "failed", "kept"])
def test_the_gate_fails_on_a_loss_and_on_a_failed_preview(parts: list[dict[str, Any]], code: int) -> None:
    given_ = printed(*parts)
    assert run("--fail-on-loss", given_=given_) == (code, run(given_=given_)[1], "")


def test_it_writes_json_for_programs() -> None:
    code, out, _ = run("--json", given_=printed(*LOST, step("same", "x", oldState=state("x", 30)), same=3))
    found = json.loads(out)
    assert (code, found["stack"], found["failed"], found["unlisted"]) == (0, "shop/main", False, 2)
    assert found["lost"] == {"conversations": 1, "messages": 14, "uncounted": 0}
    assert found["sessions"][0] == {
        "name": "desk",
        "urn": LOST[0]["urn"],
        "id": "id-of-desk",
        "action": "replace",
        "reason": "userId changed",
        "livesUntil": "2026-11-24T13:00:00Z",
        "lost": {"messages": 14},
    }
    assert (found["sessions"][1]["action"], found["sessions"][1]["lost"]) == ("none", None)


def test_invalid_input_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    missing = tmp_path / "missing.json"
    assert run(str(missing)) == (2, "", f"{missing}: No such file or directory\n")
    assert run(given_="{") == (2, "", "standard input: not JSON\n")
    assert run(given_=" ") == (2, "", "standard input: empty: the command before it may have failed\n")
    assert run(given_="[]") == (2, "", "standard input: not what `pulumi preview --json` prints\n")
    assert run(given_="[" * 100_000)[::2] == (2, "standard input: not JSON\n")
