"""What every form of a timeline shows: the period and its runs, a summary of each session, remarks; and all as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quant_sessions_provider.timeline.model import EventKind, Forecast

WORST_FIRST: Final[tuple[EventKind, ...]] = ("stopped", "recreated", "renewed")
_COUNTED: Final = {"renewed": "renewal", "recreated": "recreation", "stopped": "stopped run"}
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Chart:
    """What all forecasts have in common: the time that is shown, the runs in it, and the words for their schedule."""

    start: datetime
    end: datetime
    runs: Sequence[datetime]
    schedule: str

    @property
    def title(self) -> str:
        """One line that says what is shown."""
        days = counted((self.end - self.start) // _DAY, "day")
        return f"{counted(len(self.runs), 'run')}, {self.schedule}, in {days} from {timestamps.to_minute(self.start)}"

    def midnights(self) -> list[datetime]:
        """Return the starts of days, in UTC."""
        first = self.start.astimezone(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
        return [first + _DAY * day for day in range((self.end - first) // _DAY + 1) if first + _DAY * day < self.end]

    def position(self, time: datetime) -> float:
        """Return the position of a timestamp, from 0 at the start to 1 at the end."""
        return (time - self.start) / (self.end - self.start)


def summary(forecast: Forecast) -> str:
    """Return how long a session lives and what runs do to it, in words."""
    counts = [counted(forecast.count(kind), _COUNTED[kind]) for kind in reversed(WORST_FIRST) if forecast.count(kind)]
    return ", ".join([f"alive {_percent(forecast.alive)}", *counts])


def _percent(fraction: float) -> str:
    """Round down: what is not always alive must not read as if it were, nor what lives a little as dead."""
    return "<1 %" if 0 < fraction < 1 / 100 else f"{int(fraction * 100)} %"


def remarks(forecasts: Sequence[Forecast], notes: Sequence[str]) -> list[str]:
    """Return lines to show below: what would keep sessions alive, why runs stop, and the notes on what is not shown."""
    names: dict[str, list[str]] = {}
    for forecast in forecasts:
        if forecast.advice:
            names.setdefault(forecast.advice, []).append(forecast.session.name)
    advice = [f"{', '.join(sessions)}: {text}" for text, sessions in names.items()]
    return [*advice, *(line for forecast in forecasts for line in _first_stop(forecast)), *notes]


def _first_stop(forecast: Forecast) -> list[str]:
    stops = [event for event in forecast.events if event.kind == "stopped"]
    name = forecast.session.name
    return [f"{name}: from {timestamps.to_minute(stop.at)} on, runs stop: {stop.why}" for stop in stops[:1]]


def as_json(forecasts: Sequence[Forecast], chart: Chart, notes: Sequence[str]) -> dict[str, Any]:
    """Return all of it as plain values; timestamps are RFC 3339."""
    return {
        "from": timestamps.render(chart.start),
        "until": timestamps.render(chart.end),
        "runs": [timestamps.render(run) for run in chart.runs],
        "sessions": [_entry(forecast) for forecast in forecasts],
        "notes": list(notes),
    }


def _entry(forecast: Forecast) -> dict[str, Any]:
    return {
        "name": forecast.session.name,
        "urn": forecast.session.urn,
        "aliveShare": round(forecast.alive, 4),
        "alive": [_pair(*span) for span in forecast.spans],
        "dead": [_pair(*gap) for gap in forecast.gaps],
        "events": [
            {"at": timestamps.render(event.at), "kind": event.kind}
            | ({"minutes": event.minutes} if event.minutes else {})
            | ({"why": event.why} if event.why else {})
            for event in forecast.events
        ],
        "advice": forecast.advice or None,
    }


def _pair(since: datetime, until: datetime) -> dict[str, str]:
    return {"from": timestamps.render(since), "until": timestamps.render(until)}
