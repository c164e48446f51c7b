"""Tables of the results. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from benchmarks.goals import bound
from benchmarks.grid import Grid
from benchmarks.reading import FLOOR_OF, PARALLEL, Case, Contestant, Step

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.goals import Goal
    from benchmarks.results import Figures, Medians

_PROVIDER, _PLUGIN = Contestant.PROVIDER, Contestant.PLUGIN
_NAMES: Final = {_PROVIDER: "dynamic provider", _PLUGIN: "plugin"}
_SETTINGS: Final = tuple(contestant for contestant in Contestant if contestant.settings)


def all_tables(medians: Medians) -> list[Grid]:
    """Return the tables of the measurements, in the order of the page."""
    cases = [case for case in medians.rounds if case.parallel == PARALLEL and _is_ours(medians, case)]
    found = [grid for case in cases for grid in (times(medians, case), *costs(medians, case))]
    sizes = dict.fromkeys(case.sessions for case in medians.rounds)
    return [grid for grid in (*found, *(parallels(medians, size) for size in sizes)) if grid.rows]


def _is_ours(medians: Medians, case: Case) -> bool:
    return any(medians.get(who, step, case) for who in FLOOR_OF for step in Step)


def times(medians: Medians, case: Case) -> Grid:
    """Return the elapsed seconds of all contestants, and their ratios."""
    least = "bound" if case.latency_ms else "floor"
    title = f"{_named(case)}: seconds ({_how_often(medians.rounds[case])}; client: once)"
    hosts = ("dynamic provider", least, "ratio", "plugin", least, "ratio", "plugin / dynamic")
    heads = ("step", *hosts, "client, loop", "client, 4 threads")
    return Grid(title, heads, [_times(medians, step, case) for step in _measured(medians, case)])


def _how_often(rounds: int) -> str:
    return "measured once" if rounds == 1 else f"medians of {rounds}"


def _measured(medians: Medians, case: Case) -> list[Step]:
    return [step for step in Step if any(medians.get(who, step, case) for who in FLOOR_OF)]


def _named(case: Case) -> str:
    return f"{_sessions(case.sessions)}, {case.latency_ms} ms per request"


def _sessions(number: int) -> str:
    return f"{number:,} session{'' if number == 1 else 's'}"


def _times(medians: Medians, step: Step, case: Case) -> list[str]:
    clients = [_seconds(medians.get(who, step, case)) for who in (Contestant.LOOP, Contestant.THREADS)]
    hosts = [cell for who in FLOOR_OF for cell in _beside_bound(medians, who, step, case)]
    return [step.value, *hosts, _plugin_over_dynamic(medians, step, case), *clients]


def _beside_bound(medians: Medians, who: Contestant, step: Step, case: Case) -> list[str]:
    ours, least = medians.get(who, step, case), bound(medians, who, step, case)
    if not ours or not least:
        return [_seconds(ours), "", ""]
    return [_seconds(ours), f"{least:.2f}", f"{ours.seconds / least:.2f}"]


def _plugin_over_dynamic(medians: Medians, step: Step, case: Case) -> str:
    dynamic, plugin = medians.get(_PROVIDER, step, case), medians.get(_PLUGIN, step, case)
    return f"{plugin.seconds / dynamic.seconds:.2f}" if dynamic and plugin else ""


def _seconds(figures: Figures | None) -> str:
    return f"{figures.seconds:.2f}" if figures else ""


def costs(medians: Medians, case: Case) -> list[Grid]:
    """Return CPU, memory, requests and state, each host's / its floor's: of cases without latency, which adds none."""
    return [] if case.latency_ms else [_costs_of(medians, who, case) for who in FLOOR_OF]


def _costs_of(medians: Medians, who: Contestant, case: Case) -> Grid:
    title = f"{_named(case)}: {_NAMES[who]} / its floor"
    cpu = ("CPU s engine", "program", "host")
    heads = ("step", *cpu, "host MB, max", "requests", "connections", "state bytes per session")
    rows = [_costs(medians, who, step, case) for step in _measured(medians, case)]
    return Grid(title, heads, [row for row in rows if row])


def _costs(medians: Medians, who: Contestant, step: Step, case: Case) -> list[str]:
    ours, floor = medians.get(who, step, case), medians.get(FLOOR_OF[who], step, case)
    if not ours or not floor:
        return []
    sizes = [medians.session_bytes(one, step, case) for one in (who, FLOOR_OF[who])]
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


def parallels(medians: Medians, sessions: int) -> Grid:
    """Return the seconds of both hosts with latency, by ``--parallel``; no rows if that was not measured."""
    cases = [case for case in medians.rounds if case.sessions == sessions and case.latency_ms]
    wanted = [case for case in cases if case.parallel != PARALLEL]
    rounds = _how_often(max((medians.rounds[case] for case in wanted), default=1))
    title = f"{_sessions(sessions)}, {wanted[0].latency_ms if wanted else 0} ms per request: seconds ({rounds})"
    hosts = [head for name in _NAMES.values() for head in (name, "bound", "ratio", "connections")]
    steps = [step for step in Step if any(medians.get(_PLUGIN, step, case) for case in wanted)]
    rows = [_parallel(medians, step, case) for step in steps for case in cases if _measured_in(medians, step, case)]
    return Grid(title, ("step, --parallel", *hosts, "plugin / dynamic"), rows)


def _measured_in(medians: Medians, step: Step, case: Case) -> bool:
    return step in _measured(medians, case)


def _parallel(medians: Medians, step: Step, case: Case) -> list[str]:
    cells: list[str] = []
    for who in FLOOR_OF:
        figures = medians.get(who, step, case)
        connections = str(figures.connections) if figures else ""
        cells += [*_beside_bound(medians, who, step, case), connections]
    return [f"{step.value}, {case.parallel}", *cells, _plugin_over_dynamic(medians, step, case)]


def settings(medians: Medians) -> Grid:
    """Return the effect of Pulumi's own settings on the dynamic provider, beside a run without any."""
    cases = [case for case in medians.rounds if any(medians.get(who, Step.CREATE, case) for who in _SETTINGS)]
    rows = [
        [who.value.partition(", ")[2] or "none", _seconds(row), f"{row.state_bytes / 1_000_000:.2f}"]
        for case in cases
        for who in (_PROVIDER, *_SETTINGS)
        if (row := medians.get(who, Step.CREATE, case))
    ]
    return Grid("Pulumi settings: up (create)", ("setting", "seconds", "MB of state"), rows)


def goals_table(goals: Iterable[Goal]) -> Grid:
    """Return the goals, with what was measured."""
    rows = [[one.text, f"{one.value:.2f}", f"{one.limit:.2f}", "yes" if one.reached else "no"] for one in goals]
    return Grid("Goals", ("goal", "measured", "at most", "reached"), rows)
