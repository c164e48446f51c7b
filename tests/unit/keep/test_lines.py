"""The lines of a keeper, for people and for programs, and that the documentation knows each kind."""

from __future__ import annotations

import json
import re
from typing import Final, get_args

from quant_sessions_provider.core.urns import SESSION_TYPE
from quant_sessions_provider.keep.lines import Log, as_json, as_text
from quant_sessions_provider.keep.model import Line, LineKind
from tests.support.exports import START
from tests.support.paper_pulumi import PaperClock
from tests.support.runner import ROOT

URN: Final = f"urn:pulumi:main::shop::{SESSION_TYPE}::desk\x1b[2J"


def test_a_line_for_people_is_one_line_without_control_characters() -> None:
    line = Line(START, "renewed", "extends by 46 minutes,\nuntil about 13:46Z", URN)
    assert as_text(line) == "2026-03-02T00:00:00Z renewed desk [2J: extends by 46 minutes, until about 13:46Z"
    assert as_text(Line(START, "waits", "1 other resource: 1 update")) == (
        "2026-03-02T00:00:00Z waits: 1 other resource: 1 update"
    )


def test_a_line_for_programs_has_all_of_it_in_ascii() -> None:
    line = as_json(Line(START, "next", "is due", URN, START))
    assert line.isascii()
    assert json.loads(line) == {
        "at": "2026-03-02T00:00:00Z",
        "kind": "next",
        "session": "desk\x1b[2J",
        "urn": URN,
        "text": "is due",
        "due": "2026-03-02T00:00:00Z",
    }


def test_what_lasts_is_said_once_and_again_when_it_comes_again() -> None:
    said: list[Line] = []
    log = Log(PaperClock(), said.append)
    for text in ("one", "one", "two"):
        log.say_once("waits", text, URN)
    log.forget("waits", but=[URN])
    log.say_once("waits", "two", URN)
    log.forget("waits")
    log.say_once("waits", "two", URN)
    assert [line.text for line in said] == ["one", "two", "two"]


def test_the_documentation_has_every_kind() -> None:
    page = (ROOT / "docs" / "keeping-alive.md").read_text()
    rows = page.partition("| `kind` | meaning |")[2].partition("\n\n")[0].splitlines()
    kinds = [kind for row in rows for kind in re.findall(r"`([a-z ]+)`", row.split(" | ")[0])]
    assert sorted(kinds) == sorted(get_args(LineKind))
