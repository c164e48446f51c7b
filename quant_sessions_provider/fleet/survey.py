"""Reads the states of all stacks of a fleet: how many sessions live in each, and when under a schedule of runs."""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pulumi.automation.errors import CommandError, StackNotFoundError

from quant_sessions_provider.client.sessions import client_of
from quant_sessions_provider.core import settings as config
from quant_sessions_provider.core.errors import QuantSessionsError
from quant_sessions_provider.fleet.model import Job, Never, Options
from quant_sessions_provider.fleet.record import require_known
from quant_sessions_provider.fleet.run import slots_of
from quant_sessions_provider.fleet.stack import ShardStack, without_password
from quant_sessions_provider.pulumi_command import reason_of
from quant_sessions_provider.status.observe import Observer
from quant_sessions_provider.status.rows import status_of
from quant_sessions_provider.timeline.simulate import forecasts
from quant_sessions_provider.timeline.state import InvalidExportError, read_sessions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from quant_sessions_provider.core.settings import Settings
    from quant_sessions_provider.fleet.definition import Definition
    from quant_sessions_provider.timeline.model import Forecast
    from quant_sessions_provider.timeline.view import Chart

_Span = tuple[datetime, datetime]
_EMPTY: dict[str, Any] = {"version": 3, "deployment": {}}


@dataclass(frozen=True)
class Survey:
    """The sessions of one stack, by how they are.

    ``due``: the next run does something to them. ``lost``: operations of killed runs, whose answers nobody recorded.
    ``error``: why the state could not be read.
    """

    stack: str
    lives: Counter[str] = field(default_factory=Counter)
    due: int = 0
    lost: int = 0
    error: str = ""

    @property
    def sessions(self) -> int:
        """How many there are."""
        return self.lives.total()


@dataclass(frozen=True)
class State:
    """The exported state of a stack, or why there is none."""

    stack: str
    document: Any = field(default_factory=lambda: _EMPTY, repr=False)
    error: str = ""


def states_of(fleet: Definition, shards: Iterable[int]) -> Iterator[State]:
    """Yield the states of shards, in their order; a stack that is not there yet is empty.

    Raises:
        ConfigurationError: the fleet never ran, or had another number of shards.

    """
    settings = config.load(fleet.config.get, os.environ)
    require_known(fleet, {}, Never())
    with ThreadPoolExecutor(slots_of(fleet)) as pool:
        yield from pool.map(partial(_state_of, fleet, settings), shards)


def _state_of(fleet: Definition, settings: Settings, shard: int) -> State:
    job = Job(fleet, shard, "preview", Options())
    with TemporaryDirectory(prefix="quant-sessions-fleet-") as folder:
        try:
            return State(job.stack, ShardStack(job, Path(folder), settings, Never()).export())
        except StackNotFoundError:
            return State(job.stack)
        except CommandError as error:
            return State(job.stack, error=without_password(reason_of(error)))


def survey(fleet: Definition, shards: Iterable[int], *, ask: bool) -> Iterator[Survey]:
    """Yield how the sessions of shards are; ``ask``: at the API, by a GET for each.

    Raises:
        ConfigurationError: no token is configured to ask with.

    """
    observer = None
    if ask:
        settings = config.load(fleet.config.get, os.environ)
        settings.require_bearer()
        observer = Observer(client_of(settings), settings)
    for state in states_of(fleet, shards):
        yield _survey(state, observer)


def _survey(state: State, observer: Observer | None) -> Survey:
    if state.error:
        return Survey(state.stack, error=state.error)
    try:
        found = status_of(state.document, observer, partial(datetime.now, timezone.utc))
    except (InvalidExportError, QuantSessionsError) as error:
        return Survey(state.stack, error=str(error))
    due = sum(row.next is not None and row.next.at <= found.at for row in found.rows)
    pending = state.document["deployment"].get("pending_operations") or []
    return Survey(state.stack, Counter(row.seen.life for row in found.rows), due, len(pending))


def stack_forecasts(states: Iterable[State], chart: Chart) -> tuple[list[Forecast], list[str]]:
    """Return when all sessions of each stack live, and what runs do to them; and lines about what cannot be read."""
    found: list[Forecast] = []
    notes: list[str] = []
    for state in states:
        try:
            sessions, hidden = read_sessions(state.document)
        except InvalidExportError as error:
            sessions, hidden = [], [str(error)]
        notes += [f"{state.stack}: {line}" for line in (*hidden, *filter(None, [state.error]))]
        if sessions:
            found.append(_together(state.stack, forecasts(sessions, chart.runs, chart.start, chart.end)))
    return found, notes


def _together(stack: str, single: Sequence[Forecast]) -> Forecast:
    """Return the forecast of a stack: it lives while all of its sessions do, and runs do to it what they do to any."""
    first = single[0]
    spans = first.spans
    for other in single[1:]:
        spans = [*_common(spans, other.spans)]
    return replace(
        first,
        session=replace(first.session, name=stack),
        spans=spans,
        events=sorted((event for each in single for event in each.events), key=lambda event: event.at),
        advice=next((each.advice for each in single if each.advice), ""),
    )


def _common(some: Iterable[_Span], others: Sequence[_Span]) -> Iterator[_Span]:
    for since, until in some:
        for start, end in others:
            if max(since, start) < min(until, end):
                yield max(since, start), min(until, end)
