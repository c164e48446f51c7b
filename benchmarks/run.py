"""Measure heats, keep each reading at once, and go on where a contestant fails."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benchmarks import official, stack
from benchmarks.meter import FailedError
from benchmarks.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from benchmarks.plan import Entry, Heat
    from benchmarks.record import Record


@dataclass(frozen=True)
class Failure:
    """An entry of which a step failed; its later steps are not measured."""

    entry: Entry
    text: str


def run(heats: Iterable[Heat], record: Record) -> Iterator[Reading | Failure]:
    """Measure what the record does not have yet, and add it."""
    for heat in heats:
        missing = [entry for entry in heat.entries if not record.has(entry, heat.round)]
        record.forget(missing, heat.round)
        for outcome in _beside_each_other(missing):
            if isinstance(outcome, Failure):
                yield outcome
                continue
            reading = replace(outcome, round=heat.round)
            record.add(reading)
            yield reading


def _beside_each_other(entries: Iterable[Entry]) -> Iterator[Reading | Failure]:
    """Take one step of each entry in turn."""
    with ExitStack() as stacks:
        running = {entry: stacks.enter_context(closing(_measure(entry))) for entry in entries}
        while running:
            for entry, steps in [*running.items()]:
                outcome = _next(entry, steps)
                if not isinstance(outcome, Reading):
                    del running[entry]
                if outcome:
                    yield outcome


def _next(entry: Entry, steps: Iterator[Reading]) -> Reading | Failure | None:
    try:
        return next(steps, None)
    except (FailedError, OSError) as error:
        return Failure(entry, str(error))


def _measure(entry: Entry) -> Generator[Reading]:
    return official.read_steps(entry) if entry.contestant.is_client else stack.read_steps(entry)
