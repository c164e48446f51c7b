"""``quant-sessions fleet up`` and the like: one program, run as many stacks."""

from __future__ import annotations

import os
import signal
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.live import Live

from quant_sessions_provider.cli.exits import INTERRUPTED
from quant_sessions_provider.cli.fleet_options import (
    FAILED,
    DeadHosts,
    DeleteOrphans,
    File,
    Json,
    Only,
    OnlyOrFailed,
    Passed,
    Save,
    Scheduler,
    Slice,
    numbers_of,
)
from quant_sessions_provider.cli.fleet_status import status, timeline
from quant_sessions_provider.cli.output import console, safe
from quant_sessions_provider.fleet.board import Board
from quant_sessions_provider.fleet.definition import read
from quant_sessions_provider.fleet.model import Options
from quant_sessions_provider.fleet.tally import Tally, line_of, result_json, summary, summary_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from quant_sessions_provider.fleet.dask import Cluster
    from quant_sessions_provider.fleet.model import Result, Verb

_WAITS: Final = 3
"""Exit code of a keeper for which something waits for a person."""
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)

fleet = typer.Typer(no_args_is_help=True, help="Run one program as many stacks, each with some of the users.")
fleet.command()(status)
fleet.command()(timeline)


@dataclass(frozen=True)
class _Order:
    """What the command line asks for. ``save``: the folder for previews as JSON."""

    verb: Verb
    file: Path
    scheduler: str | None
    only: str | None
    slice: str | None
    as_json: bool
    options: Options = field(default_factory=Options)
    passed: list[str] | None = None
    save: Path | None = None


@fleet.command()
def up(  # noqa: PLR0913 - one parameter per option
    file: File,
    *,
    scheduler: Scheduler = None,
    only: OnlyOrFailed = None,
    shards: Slice = None,
    delete_orphans: DeleteOrphans = False,
    dead_host: DeadHosts = None,
    passed: Passed = None,
    as_json: Json = False,
) -> None:
    """Create, renew, change and delete sessions until every shard is as its program declares it."""
    options = _options(only, dead_host, delete_orphans=delete_orphans)
    _run(_Order("up", file, scheduler, _named(only), shards, as_json, options, passed))


@fleet.command()
def preview(  # noqa: PLR0913 - one parameter per option
    file: File,
    *,
    scheduler: Scheduler = None,
    only: OnlyOrFailed = None,
    shards: Slice = None,
    save: Save = None,
    passed: Passed = None,
    as_json: Json = False,
) -> None:
    """Show what `fleet up` would do, a line a shard; stacks that are not there yet are created empty."""
    if save:
        save.mkdir(parents=True, exist_ok=True)
    options = _options(only, None)
    _run(_Order("preview", file, scheduler, _named(only), shards, as_json, options, passed, save))


@fleet.command()
def refresh(  # noqa: PLR0913 - one parameter per option
    file: File,
    *,
    scheduler: Scheduler = None,
    only: OnlyOrFailed = None,
    shards: Slice = None,
    delete_orphans: DeleteOrphans = False,
    dead_host: DeadHosts = None,
    passed: Passed = None,
    as_json: Json = False,
) -> None:
    """Drop from the states what is gone."""
    options = _options(only, dead_host, delete_orphans=delete_orphans)
    _run(_Order("refresh", file, scheduler, _named(only), shards, as_json, options, passed))


@fleet.command()
def destroy(  # noqa: PLR0913 - one parameter per option
    file: File,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
    scheduler: Scheduler = None,
    only: Only = None,
    shards: Slice = None,
    delete_orphans: DeleteOrphans = False,
    dead_host: DeadHosts = None,
    passed: Passed = None,
    as_json: Json = False,
) -> None:
    """Delete the sessions of every shard; the stacks stay, empty."""
    if only == FAILED:
        raise typer.BadParameter(
            "failed is not for destroy, which would take whole shards: name them", param_hint="--only"
        )
    order = _Order(
        "destroy",
        file,
        scheduler,
        only,
        shards,
        as_json,
        _options(None, dead_host, delete_orphans=delete_orphans),
        passed,
    )
    if not yes:
        definition = read(file)
        count = len(numbers_of(definition, order.only, order.slice))
        typer.confirm(f"Delete all sessions of {count} of {definition.shards} shards of {definition.name}?", abort=True)
    _run(order)


@fleet.command()
def keep(  # noqa: PLR0913 - one parameter per option
    file: File,
    *,
    scheduler: Scheduler = None,
    only: Only = None,
    shards: Slice = None,
    passed: Passed = None,
    as_json: Json = False,
) -> None:
    """Renew and recreate what is due in every shard, and nothing else: `keep --once` for each stack."""
    _run(_Order("keep", file, scheduler, only, shards, as_json, passed=passed))


def _named(only: str | None) -> str | None:
    """Return the numbers that ``--only`` names; whether a shard's last run failed is known where it runs."""
    return None if only == FAILED else only


def _options(only: str | None, dead_hosts: list[str] | None, *, delete_orphans: bool = False) -> Options:
    return Options(delete_orphans, unfinished=only == FAILED, dead_hosts=frozenset(dead_hosts or ()))


def _run(order: _Order) -> None:
    # It imports Pulumi, which other commands do not wait for.
    from quant_sessions_provider.fleet.run import Fleet, slots_of  # noqa: PLC0415 - as above

    run = Fleet.load(order.file, _passed(order.passed or ()))
    numbers = numbers_of(run.definition, order.only, order.slice)
    with ExitStack() as stacks:
        cluster = _connect(order.scheduler, stacks) if order.scheduler else None
        slots = cluster.slots if cluster else slots_of(run.definition)
        tally = Tally(run.definition, order.verb, len(numbers), slots)
        told = stacks.enter_context(_signals())
        began = time.monotonic()
        with _shown(tally, order, began) as heard:
            run.run(
                order.verb,
                cluster.executor if cluster else None,
                shards=numbers,
                slots=slots,
                options=order.options,
                switch=cluster.switch if cluster else None,
                heard=heard,
                ends=told.said,
            )
    _end(tally, order, time.monotonic() - began)


def _connect(scheduler: str, stacks: ExitStack) -> Cluster:
    # It needs the extra.
    from quant_sessions_provider.fleet.dask import connected  # noqa: PLC0415 - as above

    cluster = stacks.enter_context(connected(scheduler))
    typer.echo(f"Dask's dashboard: {cluster.dashboard}", err=True)
    return cluster


def _passed(names: Sequence[str]) -> dict[str, str]:
    missing = [name for name in names if name not in os.environ]
    if missing:
        raise typer.BadParameter(f"{missing[0]} is not set", param_hint="--pass")
    return {name: os.environ[name] for name in names}


class _Told:
    """Whether a signal has asked for the end."""

    def __init__(self) -> None:
        self._asked = self._said = False

    def ask(self) -> None:
        """Ask for the end; a signal's handler writes nothing."""
        self._asked = True

    def said(self) -> bool:
        """Return whether somebody asked, which is said the first time."""
        if self._asked and not self._said:
            self._said = True
            typer.echo("Asked to end: what has begun is finished and recorded", err=True)
        return self._asked


@contextmanager
def _signals() -> Iterator[_Told]:
    """Notice the first signal; a second one acts as if nobody had noticed any."""
    told = _Told()

    def tell(_number: int, _frame: object) -> None:
        told.ask()
        for each, handler in before.items():
            signal.signal(each, handler)

    before: dict[signal.Signals, Any] = {number: signal.signal(number, tell) for number in _SIGNALS}
    try:
        yield told
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def _shown(tally: Tally, order: _Order, began: float) -> Iterator[Callable[[Result], None]]:
    """Show results as they come: a table in a terminal, a line each elsewhere; a plan is always in lines."""
    to = console()
    in_lines = order.as_json or not to.is_terminal
    written = result_json if order.as_json else line_of

    def heard(result: Result) -> None:
        if order.save:
            _save(order.save / f"{result.stack}.json", result.document)
        tally.results.append(replace(result, document=""))
        if in_lines:
            typer.echo(written(result))
        elif order.verb == "preview" and result.changes:
            to.print(safe(line_of(result)), soft_wrap=True)

    if in_lines:
        yield heard
        return
    with Live(Board(tally, lambda: time.monotonic() - began), console=to, refresh_per_second=4):
        yield heard


def _save(file: Path, document: str) -> None:
    if document:
        file.write_text(document, encoding="utf-8")
    else:
        # One of an earlier run would be taken for this one's.
        file.unlink(missing_ok=True)


def _end(tally: Tally, order: _Order, elapsed: float) -> None:
    if order.as_json:
        typer.echo(summary_json(tally, elapsed))
    else:
        for line in summary(tally, elapsed):
            typer.echo(line)
    if tally.count("interrupted"):
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(1 if tally.failed else _WAITS if tally.count("waits") else 0)
