"""``quant-sessions timeline``: when sessions live, for a schedule of runs."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta, timezone
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from quant_sessions_provider import instants, schedule, timeline_svg, timeline_text
from quant_sessions_provider import timeline as timelines
from quant_sessions_provider.commands.files import UNUSABLE, read_json, unusable
from quant_sessions_provider.timeline_text import Picture

if TYPE_CHECKING:
    from typing import NoReturn

_LONGEST = 366


def timeline(  # noqa: PLR0913 - options of a command
    file: Annotated[Path, typer.Argument(help="Output of `pulumi stack export`; - reads standard input.")] = Path("-"),
    *,
    every: Annotated[str | None, typer.Option(help="Time between two runs: 30m, 12h, 1d.")] = None,
    cron: Annotated[str | None, typer.Option(help="Cron line of the runs, instead: '0 */6 * * 1-5'.")] = None,
    zone: Annotated[str, typer.Option("--timezone", help="Where the clock of the cron line hangs.")] = "UTC",
    days: Annotated[int, typer.Option(min=1, max=_LONGEST, help="How far to look ahead.")] = 7,
    start: Annotated[str | None, typer.Option("--from", help="A moment to start at.", show_default="now")] = None,
    image: Annotated[Path | None, typer.Option("--svg", help="Also draw it into this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON instead.")] = False,
) -> None:
    """Show when each session of a stack lives, is renewed and is dead, if `pulumi up` runs on a schedule."""
    picture = _picture(every, cron, zone, _moment(start), timedelta(days=days))
    try:
        sessions, notes = timelines.sessions_of(read_json(file))
    except timelines.NoStateError as error:
        unusable(file, str(error))
    lives = [timelines.live(session, picture.runs, picture.start, picture.end) for session in sessions]
    if image:
        _draw(image, timeline_svg.svg(lives, picture, notes))
    if as_json:
        typer.echo(json.dumps(timeline_text.as_json(lives, picture, notes), indent=2))
    else:
        _show(lives, picture, notes)


def _moment(text: str | None) -> datetime:
    moment = datetime.now(timezone.utc) if text is None else instants.parse_or_none(text)
    return moment or _refuse("--from: must be an RFC 3339 timestamp with an offset, such as 2026-11-24T17:00:00+01:00")


def _picture(every: str | None, cron: str | None, zone: str, start: datetime, span: timedelta) -> Picture:
    if (every is None) == (cron is None):
        _refuse("give the schedule of runs by either --every or --cron")
    end = start + span
    try:
        if every is not None:
            return Picture(start, end, schedule.every(every, start, end), f"every {every}")
        runs = schedule.cron(cron or "", zone, start, end)
    except schedule.ScheduleError as error:
        _refuse(str(error))
    return Picture(start, end, runs, f"at '{cron}' {zone}")


def _show(lives: list[timelines.Life], picture: Picture, notes: list[str]) -> None:
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal may not know the letters of a name
    console = Console(highlight=False)
    unicode = console.encoding.lower().startswith("utf")
    if lives:
        console.print(timeline_text.table(lives, picture, console.width, unicode=unicode))
    else:
        console.print("No session is in this state.")
    for line in timeline_text.advice(lives, notes):
        console.print(line, markup=False, soft_wrap=True)


def _draw(file: Path, drawing: str) -> None:
    try:
        file.write_text(drawing, encoding="utf-8")
    except OSError as error:
        _refuse(f"--svg: {file}: {error.strerror}")


def _refuse(line: str) -> NoReturn:
    typer.echo(line, err=True)
    raise typer.Exit(UNUSABLE)
