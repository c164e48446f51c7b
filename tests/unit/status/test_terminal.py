"""What a terminal of each width shows."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from quant_sessions_provider.status.model import Seen, Status
from quant_sessions_provider.status.terminal import picture
from tests.support.statuses import NOW, session, status, workshop

ALIVE = Seen("alive", messages=1)


def shown(what: Status, width: int | None, *, unicode: bool = True) -> list[str]:
    drawn = picture(what, width, unicode=unicode)
    console = Console(file=io.StringIO(), width=max(drawn.width, width or 0), color_system=None)
    console.print(drawn.table)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_a_workshop_fits_into_80_columns() -> None:
    assert shown(workshop(), 80) == [
        "session           user     status    min left   until  pulumi up        msgs",
        "workshop-ada      ada      alive     █████  225 15:45Z renews 15:15Z    1/3",
        "workshop-alan     alan     expired   ░░░░░    0 11:35Z recreates now    1/-",
        "workshop-annie    annie    alive     ████░  190 15:10Z renews 14:40Z    1/7",
        "workshop-barbara  barbara  alive     ████░  172 14:52Z renews 14:22Z    1/9",
        "workshop-donald   donald   alive     ███░░  155 14:35Z renews 14:05Z    1/11",
        "workshop-edsger   edsger   alive     ███░░  137 14:17Z renews 13:47Z    1/13",
        "workshop-frances  frances  alive     ██░░░  120 14:00Z renews 13:30Z    1/15",
        "workshop-grace    grace    expired   ░░░░░    0 11:57Z recreates now    1/14",
        "workshop-john     john     completed ███░░   31 12:31Z -                1/9",
        "workshop-karen    karen    gone               - 12:50Z recreates 12:50Z 1/-",
        "workshop-linus    linus    unknown   █░░░░   50 12:50Z renews 12:20Z    1/?",
        "workshop-margaret margaret alive     █░░░░   32 12:32Z renews 12:02Z    1/25",
    ]


@pytest.mark.parametrize("width", [200, 130, 100, 80, 70, 60, 50, 40, 31])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    lines = shown(workshop(), width)
    assert max(map(len, lines)) <= width
    assert len(lines) == 13
    assert len({line.partition(" ")[0] for line in lines}) == 13


def test_the_narrowest_keeps_names_status_and_minutes() -> None:
    assert shown(workshop(), 31)[:3] == [
        "session      status    min left",
        "workshop-ada alive      225",
        "worksh…-alan expired      0",
    ]


def test_long_names_are_cut_in_the_middle_unless_that_makes_them_equal() -> None:
    ends = status(*((session(f"the-workshop-of-march-participant-{n:02}"), ALIVE) for n in range(12)))
    assert [line.split()[0] for line in shown(ends, 80)][1:3] == [
        "the-workshop…ticipant-00",
        "the-workshop…ticipant-01",
    ]
    middles = [f"the-workshop-of-{n:02}-march-participant" for n in range(12)]
    lines = shown(status(*((session(name), ALIVE) for name in middles)), 80)
    assert max(map(len, lines)) <= 80
    firsts = [line.split(" ")[0] for line in lines[1:]]
    assert "".join(firsts) == "".join(middles)


def test_sessions_of_one_name_have_the_start_of_their_ids() -> None:
    lines = shown(status((session("desk"), ALIVE), (session("desk", 5), ALIVE), (session("shop"), ALIVE)), None)
    assert [line.partition("  ")[0] for line in lines[1:]] == ["desk (00000004)", "desk (00000004)", "shop"]


@pytest.mark.parametrize(
    ("left", "bar"),
    [(60, "█" * 20), (59, "█" * 20), (30, "█" * 10 + "░" * 10), (1, "█" + "░" * 19), (0, "░" * 20), (999, "█" * 20)],
)
def test_a_bar_is_what_is_left_of_the_lifetime(left: float, bar: str) -> None:
    (line,) = shown(status((session("desk", left), ALIVE)), None)[1:]
    assert line.split()[3] == bar


def test_a_terminal_without_unicode_gets_ascii() -> None:
    lines = shown(status((session("n" * 70, 30), ALIVE)), 80, unicode=False)
    assert all(line.isascii() for line in lines)
    assert "###.." in lines[1] or "##..." in lines[1]
    assert "~" in lines[1]


@settings(max_examples=30)
@given(name=st.text(min_size=1, max_size=60), width=st.integers(20, 160))
def test_any_name_can_be_shown(name: str, width: int) -> None:
    lines = shown(status((session(name), ALIVE)), width)
    assert not [letter for line in lines for letter in line if ord(letter) < ord(" ")]


def test_times_of_day_are_those_within_a_day() -> None:
    far = session("far", 1500, expirationMinutes=1440)
    near = session("near", 1439, expirationMinutes=1440)
    rows = shown(status((far, ALIVE), (near, ALIVE), (session("old", -1500), Seen("expired"))), None)[1:]
    assert [row.split()[5] for row in rows] == ["2026-03-03", "11:59Z", "2026-03-01"]
    assert NOW.hour == 12
