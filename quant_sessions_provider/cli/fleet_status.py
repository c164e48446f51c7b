"""``quant-sessions fleet status`` and ``fleet timeline``: all stacks of a fleet, summed up and drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.table import Table
from rich.text import Text

from quant_sessions_provider.cli.fleet_options import File, Only, Slice, numbers_of
from quant_sessions_provider.cli.output import AsJson, console, print_json, safe
from quant_sessions_provider.cli.timeline import Cron, Days, Every, Image, Start, Zone, chart_of, show
from quant_sessions_provider.core.text import one_line
from quant_sessions_provider.fleet.definition import read

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quant_sessions_provider.fleet.survey import Survey

_COLUMNS: Final[dict[str, Callable[[Survey], int]]] = {
    "sessions": lambda one: one.sessions,
    "alive": lambda one: one.lives["alive"] + one.lives["completed"],
    "due": lambda one: one.due,
    "expired": lambda one: one.lives["expired"],
    "gone": lambda one: one.lives["gone"],
    "unknown": lambda one: one.lives["unknown"],
    "lost answers": lambda one: one.lost,
}


def status(
    file: File,
    *,
    only: Only = None,
    shards: Slice = None,
    api: Annotated[bool, typer.Option("--api", help="Also ask the API: a GET for each session.")] = False,
    as_json: AsJson = False,
) -> None:
    """Sum up all stacks: how many sessions are alive, due or expired, and what killed runs left unrecorded."""
    # It imports Pulumi, which other commands do not wait for.
    from quant_sessions_provider.fleet.survey import survey  # noqa: PLC0415 - as above

    definition = read(file)
    found = [*survey(definition, numbers_of(definition, only, shards), ask=api)]
    if as_json:
        print_json(_json(found))
    else:
        _print(found)
    raise typer.Exit(any(one.error for one in found))


def _json(found: Sequence[Survey]) -> dict[str, Any]:
    entries = [{"stack": one.stack, **_counts([one]), "error": one.error or None} for one in found]
    return {"total": _counts(found), "stacks": entries}


def _counts(found: Sequence[Survey]) -> dict[str, int]:
    return {name.replace(" a", "A"): sum(map(count, found)) for name, count in _COLUMNS.items()}


def _print(found: Sequence[Survey]) -> None:
    made = Table(box=None, pad_edge=False, header_style="bold", show_footer=True, footer_style="bold")
    made.add_column("stack", footer=f"{len(found)} stacks", no_wrap=True)
    for name, total in zip(_COLUMNS, _counts(found).values(), strict=True):
        made.add_column(name, footer=str(total), justify="right", no_wrap=True)
    for one in found:
        made.add_row(Text(one.stack), *(_cell(count(one)) for count in _COLUMNS.values()))
    to = console()
    to.print(made)
    for one in found:
        if one.error:
            to.print(safe(one_line(f"{one.stack}: {one.error}"), "red"), soft_wrap=True)


def _cell(count: int) -> Text:
    return Text(str(count), "" if count else "dim")


def timeline(  # noqa: PLR0913 - one parameter per option
    file: File,
    *,
    every: Every = None,
    cron: Cron = None,
    zone: Zone = "UTC",
    days: Days = 7,
    start: Start = None,
    image: Image = None,
    only: Only = None,
    shards: Slice = None,
    as_json: AsJson = False,
) -> None:
    """Show when all sessions of each stack are alive if `fleet up` runs on a schedule: a bar for each stack."""
    from quant_sessions_provider.fleet.survey import stack_forecasts, states_of  # noqa: PLC0415 - as above

    chart = chart_of(every, cron, zone, start, days)
    definition = read(file)
    found, notes = stack_forecasts(states_of(definition, numbers_of(definition, only, shards)), chart)
    show(found, chart, notes, image, json=as_json)
