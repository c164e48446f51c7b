"""``quant-sessions timeline``: when sessions are alive under a schedule of runs."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from quant_sessions_provider.cli.files import read_json, unusable
from quant_sessions_provider.cli.output import AsJson, console, print_json, safe
from quant_sessions_provider.core import timestamps
from quant_sessions_provider.timeline import schedule
from quant_sessions_provider.timeline.simulate import forecasts
from quant_sessions_provider.timeline.state import InvalidExportError, read_sessions
from quant_sessions_provider.timeline.svg import svg
from quant_sessions_provider.timeline.terminal import table
from quant_sessions_provider.timeline.view import Chart, as_json, remarks

if TYPE_CHECKING:
    from quant_sessions_provider.timeline.model import Forecast

Every = Annotated[str | None, typer.Option(help="Time between two runs: 30m, 12h, 1d.")]
Cron = Annotated[str | None, typer.Option(help="Instead of --every: the runs as a cron expression, '0 */6 * * 1-5'.")]
Zone = Annotated[str, typer.Option("--timezone", help="Time zone of --cron.")]
Days = Annotated[int, typer.Option(min=1, max=366, help="Number of days to show.")]
Start = Annotated[str | None, typer.Option("--from", help="Start of the timeline, as a timestamp.", show_default="now")]
Image = Annotated[Path | None, typer.Option("--svg", help="Also write an SVG to this file.")]
_YEARS: Final = range(1970, 9000)
"""Far enough from the first and the last year that a timestamp can have."""


def timeline(  # noqa: PLR0913 - one parameter per option
    file: Annotated[Path, typer.Argument(help="Output of `pulumi stack export`; - for standard input.")] = Path("-"),
    *,
    every: Every = None,
    cron: Cron = None,
    zone: Zone = "UTC",
    days: Days = 7,
    start: Start = None,
    image: Image = None,
    json: AsJson = False,
) -> None:
    """Show when each session of a stack is alive, renewed or dead if `pulumi up` runs on a schedule."""
    chart = chart_of(every, cron, zone, start, days)
    try:
        sessions, notes = read_sessions(read_json(file))
    except InvalidExportError as error:
        unusable(file, str(error))
    found = forecasts(sessions, chart.runs, chart.start, chart.end)
    show(found, chart, notes, image, json=json)


def _time(start: str | None, span: timedelta) -> tuple[datetime, datetime]:
    first = datetime.now(timezone.utc) if start is None else timestamps.parse_or_none(start)
    if first is None:
        raise typer.BadParameter(timestamps.RULE, param_hint="--from")
    if first.year not in _YEARS:
        raise typer.BadParameter(f"must be between the years {_YEARS[0]} and {_YEARS[-1]}", param_hint="--from")
    return first, first + span


def chart_of(every: str | None, cron: str | None, zone: str, since: str | None, days: int) -> Chart:
    """Return what the options say: the period that is shown, and the runs in it."""
    start, end = _time(since, timedelta(days=days))
    if (every is None) == (cron is None):
        raise typer.BadParameter("exactly one of them is required", param_hint="--every or --cron")
    try:
        if every is not None:
            return Chart(start, end, schedule.every(every, start, end), f"every {every}")
        runs = schedule.cron(cron or "", zone, start, end)
    except schedule.ScheduleError as error:
        raise typer.BadParameter(error.rule, param_hint=error.option) from None
    return Chart(start, end, runs, f"at '{cron}' {zone}")


def show(found: list[Forecast], chart: Chart, notes: list[str], image: Path | None, *, json: bool) -> None:
    """Print forecasts as a chart or as JSON, and draw them into an SVG if there is a file for it."""
    if image:
        _draw(image, svg(found, chart, notes))
    if json:
        print_json(as_json(found, chart, notes))
    else:
        _print_chart(found, chart, notes)


def _print_chart(forecasts: list[Forecast], chart: Chart, notes: list[str]) -> None:
    """Print a bar for each forecast, and the remarks below."""
    to = console()
    unicode = to.encoding.lower().startswith("utf")
    if forecasts:
        to.print(table(forecasts, chart, to.width, unicode=unicode))
    else:
        to.print("This state has no sessions.")
    for line in remarks(forecasts, notes):
        to.print(safe(line), soft_wrap=True)


def _draw(file: Path, drawing: str) -> None:
    """Write an SVG to a file."""
    try:
        file.write_text(drawing, encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}", param_hint="--svg") from None
