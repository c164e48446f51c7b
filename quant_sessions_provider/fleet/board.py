"""Shows a run of a fleet in a terminal as it goes on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from quant_sessions_provider.core.text import counted, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.console import RenderableType

    from quant_sessions_provider.fleet.model import Result
    from quant_sessions_provider.fleet.tally import Tally

_STYLES: Final = {"done": "green", "failed": "bold red", "interrupted": "yellow", "skipped": "dim", "waits": "yellow"}
_SHOWN: Final = 10
"""Shards in the table: those that failed, and the last ones."""


class Board:
    """What a terminal shows: a bar, counts, and a table of the shards that failed and of the last that ended."""

    def __init__(self, tally: Tally, elapsed: Callable[[], float]) -> None:
        self._tally, self._elapsed = tally, elapsed

    def __rich__(self) -> RenderableType:
        """Return what is shown now."""
        tally, elapsed = self._tally, self._elapsed()
        # A bar alone does not end its line.
        bar = Table.grid(expand=True)
        bar.add_row(ProgressBar(total=tally.shards, completed=len(tally.results)))
        return Group(bar, Text(_counts(tally, elapsed)), _table(_shown(tally)))


def _counts(tally: Tally, elapsed: float) -> str:
    ended = f"{len(tally.results)} of {counted(tally.shards, 'shard')}"
    parts = [ended, f"{tally.running} running", f"{tally.count('failed')} failed"]
    if tally.count("interrupted"):
        parts.append(f"{tally.count('interrupted')} interrupted")
    if tally.sessions is not None:
        parts.append(counted(tally.sessions, "session"))
    if tally.sessions:
        parts.append(f"{tally.sessions / max(elapsed, 0.001):.1f} a second")
    left = tally.seconds_left(elapsed)
    if left is not None:
        parts.append(f"{timedelta(seconds=round(left))} left")
    return ", ".join(parts)


def _shown(tally: Tally) -> list[Result]:
    failed = tally.failed[:_SHOWN]
    rest = [result for result in tally.results if result not in failed]
    return [*failed, *rest[len(rest) - max(_SHOWN - len(failed), 0) :]] if rest else failed


def _table(results: Iterable[Result]) -> Table:
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("stack", "shard", "sessions", "seconds"):
        made.add_column(column, justify="right" if column in ("sessions", "seconds") else "left", no_wrap=True)
    # The others keep their width: it alone is cut.
    made.add_column("first error", overflow="ellipsis")
    for result in results:
        outcome = Text(result.outcome, _STYLES[result.outcome])
        cells = [
            Text("" if result.sessions is None else str(result.sessions)),
            Text(f"{result.seconds:.1f}"),
            Text(one_line(result.error), no_wrap=True, overflow="ellipsis"),
        ]
        made.add_row(Text(result.stack), outcome, *cells)
    return made
