"""``make tour``: what it shows is on its page, and it leaves nothing behind."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from tools.docs.terminal import terminal
from tools.docs.tour_page import COMMAND, PAGE, ROOT, build, take
from tools.environment import without

if TYPE_CHECKING:
    from pathlib import Path


def requests(step: str) -> list[list[str]]:
    """Return what each run of a step sent: methods, and extensions as such."""
    runs = [run for run in step.split("\n$ ")[1:] if run.startswith("pulumi")]
    return [[_method(line) for line in run.splitlines() if "sent: " in line] for run in runs]


def _method(line: str) -> str:
    return "extend" if "/extend" in line else line.split()[1]


@pytest.mark.pages
def test_each_step_shows_what_happens_and_what_is_sent(tmp_path: Path) -> None:
    now = datetime.now(timezone.utc)
    tour = take(tmp_path)

    assert build(PAGE.read_text(), tour, now) == PAGE.read_text()
    assert list(tmp_path.iterdir()) == []
    _, create, talk, pause, renew, expire, lose = tour.split("/6  ")
    assert requests(create) == [["nothing"], ["POST"]]
    assert requests(talk) == requests(pause) == []
    assert requests(renew) == [["nothing"], ["extend"]]
    assert "with all of its 3 messages" in renew
    assert [run[:2] for run in requests(expire)] == [["GET", "GET"]] * 2
    assert "is gone; the new one lives" in expire
    assert requests(lose) == [["GET"]]
    assert "userId changed: replacing it loses 2 messages (1 declared one starts again)" in lose


def test_a_terminal_waits_for_enter_and_ctrl_c_ends_a_run(tmp_path: Path) -> None:
    variables = without(os.environ, "AUTO") | {"TMPDIR": str(tmp_path), "TERM": "xterm"}
    with terminal(list(COMMAND), ROOT, variables, 80) as run:
        assert "$ pulumi" not in run.wait_for("Enter goes on")
        run.press("\n")
        run.wait_for("$ pulumi preview")
        assert run.interrupt() == 130
        end = run.wait()

    assert end.endswith("$ pulumi preview --stack tour")
    assert list(tmp_path.iterdir()) == []
