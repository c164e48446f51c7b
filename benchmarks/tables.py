"""Tables of the results, for the terminal and as Markdown. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.table import Table

from benchmarks.goals import bound
from benchmarks.reading import Case, Contestant, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.goals import Goal
    from benchmarks.results import Figures, Medians


@dataclass(frozen=True)
class Grid:
    """A table of strings. The first column is text, the others are numbers."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """Return the table as Markdown."""
        lines = [self.heads, ["---", *["---:"] * (len(self.heads) - 1)], *self.rows]
        return "\n".join([f"**{self.title}**", "", *(f"| {' | '.join(line)} |" for line in lines)])

    def terminal(self) -> Table:
        """Return the table for a terminal."""
        table = Table(title=self.title, title_justify="left", title_style="bold", header_style="")
        for number, head in enumerate(self.heads):
            table.add_column(head, justify="right" if number else "left")
        for row in self.rows:
            table.add_row(*row)
        return table


def times(medians: Medians, case: Case) -> Grid:
    """Return the elapsed seconds of all contestants, and their ratios."""
    rounds = medians.rounds[case]
    how = "measured once" if rounds == 1 else f"medians of {rounds}"
    title = f"{_named(case)}: seconds ({how}; client: once)"
    heads = ("step", "provider", "floor", "ratio", "bound", "ratio", "client, loop", "client, 4 threads")
    return Grid(title, heads, [_times(medians, step, case) for step in _measured(medians, case)])


def _measured(medians: Medians, case: Case) -> list[Step]:
    return [step for step in Step if medians.get(_OURS, step, case)]


def _named(case: Case) -> str:
    return f"{case.sessions:,} session{'' if case.sessions == 1 else 's'}, {case.latency_ms} ms per request"


def _times(medians: Medians, step: Step, case: Case) -> list[str]:
    ours, floor, loop, threads = (medians.get(who, step, case) for who in (_OURS, _FLOOR, _LOOP, _THREADS))
    if not ours or not floor:
        return [step.value, *[""] * 7]
    least = bound(floor, step, case)
    return [
        step.value,
        _seconds(ours),
        _seconds(floor),
        f"{ours.seconds / floor.seconds:.2f}",
        f"{least:.2f}",
        f"{ours.seconds / least:.2f}",
        _seconds(loop),
        _seconds(threads),
    ]


_OURS, _FLOOR, _LOOP, _THREADS = Contestant.PROVIDER, Contestant.FLOOR, Contestant.LOOP, Contestant.THREADS


def _seconds(figures: Figures | None) -> str:
    return f"{figures.seconds:.2f}" if figures else ""


def costs(medians: Medians, case: Case) -> Grid:
    """Return CPU, memory, requests and state: the provider's / the floor's."""
    title = f"{_named(case)}: provider / floor"
    heads = (
        "step",
        "CPU s engine",
        "program",
        "host",
        "host MB, max",
        "requests",
        "connections",
        "state bytes per session",
    )
    return Grid(title, heads, [_costs(medians, step, case) for step in _measured(medians, case)])


def _costs(medians: Medians, step: Step, case: Case) -> list[str]:
    ours, floor = medians.get(_OURS, step, case), medians.get(_FLOOR, step, case)
    if not ours or not floor:
        return [step.value, *[""] * 7]
    sizes = [medians.session_bytes(who, step, case) for who in (_OURS, _FLOOR)]
    return [
        step.value,
        f"{ours.engine_cpu:.2f} / {floor.engine_cpu:.2f}",
        f"{ours.program_cpu:.2f} / {floor.program_cpu:.2f}",
        f"{ours.host_cpu:.2f} / {floor.host_cpu:.2f}",
        f"{ours.host_peak_mb:.0f} / {floor.host_peak_mb:.0f}",
        f"{ours.requests:,}",
        str(ours.connections),
        f"{sizes[0]:,.0f} / {sizes[1]:,.0f}",
    ]


def settings(medians: Medians) -> Grid:
    """Return the effect of Pulumi's own settings, beside a run without any."""
    plain = Contestant.PROVIDER
    cases = [case for case in medians.rounds if any(medians.get(who, Step.CREATE, case) for who in _SETTINGS)]
    rows = [
        [who.value.partition(", ")[2] or "none", _seconds(row), f"{row.state_bytes / 1_000_000:.2f}"]
        for case in cases
        for who in (plain, *_SETTINGS)
        if (row := medians.get(who, Step.CREATE, case))
    ]
    return Grid("Pulumi settings: up (create)", ("setting", "seconds", "MB of state"), rows)


_SETTINGS: Final = tuple(contestant for contestant in Contestant if contestant.settings)


def goals_table(goals: Iterable[Goal]) -> Grid:
    """Return the goals, with what was measured."""
    rows = [[one.text, f"{one.value:.2f}", f"{one.limit:.2f}", "yes" if one.reached else "no"] for one in goals]
    return Grid("Goals", ("goal", "measured", "at most", "reached"), rows)
