"""``quant-sessions timeline``: the terminal, JSON, the drawing, and what is rejected."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from quant_sessions_provider.cli.app import app
from quant_sessions_provider.core import timestamps
from tests.support.exports import START, state
from tools.docs.timeline_page import PICTURE, drawn

if TYPE_CHECKING:
    from pathlib import Path

SVG = "{http://www.w3.org/2000/svg}"
WEEK = ("--every", "12h", "--from", timestamps.render(START))


def run(*arguments: str, given_: object = None, **environment: str) -> tuple[int, str, str]:
    text = json.dumps(state() if given_ is None else given_)
    done = CliRunner().invoke(app, ["timeline", *arguments], input=text, env={"COLUMNS": "120", **environment})
    return done.exit_code, done.stdout, done.stderr


def test_the_terminal_shows_a_bar_a_session() -> None:
    code, out, _ = run(*WEEK)
    lines = out.splitlines()
    assert (code, lines[0].strip()) == (0, "13 runs, every 12h, in 7 days from 2026-03-02 00:00Z")
    assert "|Tue 03" in lines[1]
    desk = next(line for line in lines if line.startswith("desk"))
    assert desk.count("▲") == 13
    assert desk.rstrip().endswith("alive 100 %, 13 renewals")
    assert "orders, audit: runs up to 12 hours apart let it die: make renew_before_minutes at least 721" in out
    assert max(map(len, lines[:9])) <= 120


def test_json_has_all_events() -> None:
    code, out, _ = run(*WEEK, "--days", "1", "--json")
    found = json.loads(out)
    assert (code, found["from"], found["runs"]) == (0, "2026-03-02T00:00:00Z", ["2026-03-02T12:00:00Z"])
    desk, *_, launch = found["sessions"]
    assert desk["events"] == [{"at": "2026-03-02T12:00:00Z", "kind": "renewed", "minutes": 720}]
    assert launch["dead"] == [{"from": "2026-03-02T20:00:00Z", "until": "2026-03-03T00:00:00Z"}]
    assert (launch["aliveShare"], desk["advice"]) == (0.8333, None)


def test_the_drawing_is_an_accessible_svg(tmp_path: Path) -> None:
    file = tmp_path / "week.svg"
    assert run(*WEEK, "--svg", str(file))[0] == 0
    root = ET.fromstring(file.read_text())  # noqa: S314 - our own
    assert root.get("role") == "img"
    assert {element.tag for element in root.iter()} >= {f"{SVG}{tag}" for tag in ("title", "desc", "rect", "polygon")}
    assert "desk: alive 100 %, 13 renewals" in (root.findtext(f"{SVG}desc") or "")
    assert file.read_text() == drawn() == PICTURE.read_text()


WRONG = {
    "--every or --cron: exactly one": (),
    "--every or --cron: exactly one of them": (*WEEK, "--cron", "* * * * *"),
    "--every: must be whole": ("--every", "soon"),
    "--days: at most 20000": ("--every", "1m", "--days", "30"),
    "--cron: must have five": ("--cron", "soon"),
    "--cron: the hour '25' is": ("--cron", "0 25 * * *"),
    "--timezone: must be": ("--cron", "* * * * *", "--timezone", "Nowhere"),
    "--from: must be": (*WEEK[:2], "--from", "soon"),
    "--from: must be between": (*WEEK[:2], "--from", "9999-12-31T00:00:00Z"),
    "--svg: /missing/week.svg: No such": (*WEEK, "--svg", "/missing/week.svg"),
}


@pytest.mark.parametrize(("words", "arguments"), WRONG.items(), ids=WRONG)
def test_a_wrong_option_is_wrong_usage(words: str, arguments: tuple[str, ...]) -> None:
    code, out, error = run(*arguments)
    assert (code, out, f"Invalid value for {words}" in error) == (2, "", True)


def test_a_long_name_leaves_room_for_its_bar() -> None:
    long = {"expirationMinutes": 1440, "renewBeforeMinutes": 780}
    out = run(*WEEK, given_=state({"n" * 70: long}), COLUMNS="80")[1]
    (row,) = [line.rstrip() for line in out.splitlines() if line.startswith("nnn")]
    assert row.count("▲") == 13
    assert row.endswith("alive 100 %, 13 renewals")
    assert len(row) <= 80


def test_control_characters_in_a_name_are_removed() -> None:
    out = run(*WEEK, given_=state({"de\x1b[2Jsk": {"expirationMinutes": 60}}))[1]
    assert "\x1b" not in out
    assert out.count("de [2Jsk") == 2  # beside its bar, and in the advice


def test_a_document_that_is_not_an_export_is_one_line() -> None:
    refusal = "standard input: not what `pulumi stack export` prints\n"
    assert run(*WEEK, given_=[]) == (2, "", refusal)


def test_a_stack_without_sessions_says_so() -> None:
    assert run(*WEEK, given_=state({})) == (0, "This state has no sessions.\n", "")


def test_the_page_shows_the_terminals_output() -> None:
    shown = run(*WEEK, COLUMNS="100")[1].splitlines()[:4]
    page = (PICTURE.parent / "timeline.md").read_text().splitlines()
    assert [line.rstrip() for line in shown] == page[page.index("```text") + 1 :][:4]


def test_a_terminal_without_unicode_gets_ascii() -> None:
    sessions = {"dësk[b]": {"expirationMinutes": 1440, "renewBeforeMinutes": 780}}
    done = CliRunner(charset="ascii").invoke(app, ["timeline", *WEEK], input=json.dumps(state(sessions)))
    assert done.exit_code == 0
    assert "d?sk[b]" in done.stdout
    assert "=^=" in done.stdout
