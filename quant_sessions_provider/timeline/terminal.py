"""Shows lives in a terminal, and as JSON. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.text import counted, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quant_sessions_provider.timeline.simulate import Kind, Life

_STYLES: Final[dict[str, str]] = {
    "alive": "green",
    "dead": "dim",
    "renewed": "bold cyan",
    "recreated": "bold yellow",
    "stopped": "bold red",
}
_LETTERS: Final = {"alive": "━", "dead": "·", "renewed": "▲", "recreated": "●", "stopped": "✖"}
_ASCII: Final = {"alive": "=", "dead": ".", "renewed": "^", "recreated": "o", "stopped": "x"}
_LEGEND: Final = {
    "alive": "alive",
    "dead": "dead",
    "renewed": "renewed",
    "recreated": "made anew, the conversation is lost",
    "stopped": "the run stops",
}
_WORST_FIRST: Final[tuple[Kind, ...]] = ("stopped", "recreated", "renewed")
_HEAD: Final = "session"
"""Above names; one that takes more than a third of the terminal is cut."""
_LEAST, _AROUND = 20, 6
"""Cells of a bar at least, and columns that the table takes beside names, bars and summaries."""
_WIDE_DAY: Final = 9
"""Cells that the name of a day takes."""
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Picture:
    """What all lives have in common: the time that is shown, the runs in it, and the words for the schedule."""

    start: datetime
    end: datetime
    runs: Sequence[datetime]
    schedule: str

    @property
    def title(self) -> str:
        """Say what is shown in one line."""
        days = (self.end - self.start) / _DAY
        return (
            f"{counted(len(self.runs), 'run')}, {self.schedule}, in {days:g} day{'' if days == 1 else 's'}"
            f" from {clock(self.start)}"
        )

    def midnights(self) -> list[datetime]:
        """List the starts of days, in UTC."""
        first = self.start.astimezone(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
        return [first + _DAY * day for day in range((self.end - first) // _DAY + 1) if first + _DAY * day < self.end]

    def place(self, moment: datetime) -> float:
        """Tell where a moment lies, from 0 at the start to 1 at the end."""
        return (moment - self.start) / (self.end - self.start)


def clock(moment: datetime) -> str:
    """Write a moment in UTC to the minute."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%MZ")


def summary(life: Life) -> str:
    """Say how a life goes, in words."""
    kinds = {"renewed": "renewal", "recreated": "recreation", "stopped": "stopped run"}
    counts = [counted(life.count(kind), kinds[kind]) for kind in reversed(_WORST_FIRST) if life.count(kind)]
    return ", ".join([f"alive {_percent(life.alive)}", *counts])


def _percent(share: float) -> str:
    """Round down: what is not always alive must not read as if it were, nor what lives a little as dead."""
    return "<1 %" if 0 < share < 1 / 100 else f"{int(share * 100)} %"


def table(lives: Sequence[Life], picture: Picture, width: int, *, unicode: bool) -> Table:
    """Draw a bar a session, as wide as the terminal allows."""
    letters = _LETTERS if unicode else _ASCII
    names = [one_line(life.session.name) for life in lives]
    longest = max(len(_HEAD), min(max(map(cell_len, names), default=0), width // 3))
    beside = longest + max((len(summary(life)) for life in lives), default=0)
    cells = max(width - beside - _AROUND, _LEAST)
    drawn = Table(title=picture.title, title_justify="left", box=None, pad_edge=False, caption_justify="left")
    drawn.add_column(_HEAD, no_wrap=True, width=longest)
    drawn.add_column(_axis(picture, cells), no_wrap=True, header_style="dim")
    drawn.add_column("")
    for life, name in zip(lives, names, strict=True):
        drawn.add_row(Text(name), _bar(life, picture, cells, letters), summary(life))
    drawn.caption = Text("  ").join(Text(f"{letters[key]} {words}", _STYLES[key]) for key, words in _LEGEND.items())
    return drawn


def _axis(picture: Picture, cells: int) -> str:
    line, midnights, free = [" "] * cells, picture.midnights(), 0
    for midnight in midnights:
        long = cells >= _WIDE_DAY * len(midnights)
        label, at = f"|{midnight:%a %d}" if long else f"|{midnight:%d}", int(picture.place(midnight) * cells)
        if free <= at <= cells - len(label):
            line[at : at + len(label)] = label
            free = at + len(label) + 1
    return "".join(line)


def _bar(life: Life, picture: Picture, cells: int, letters: dict[str, str]) -> Text:
    bar = Text()
    marks = _marks(life, picture, cells)
    step = (picture.end - picture.start) / cells
    for cell in range(cells):
        middle = picture.start + step * (cell + 0.5)
        lives = any(since <= middle < until for since, until in life.spans)
        key = marks.get(cell, "alive" if lives else "dead")
        bar.append(letters[key], _STYLES[key])
    return bar


def _marks(life: Life, picture: Picture, cells: int) -> dict[int, str]:
    """Place what runs do; of several in one cell the worst shows."""
    marks: dict[int, str] = {}
    for kind in reversed(_WORST_FIRST):
        marks |= {int(picture.place(event.at) * cells): kind for event in life.events if event.kind == kind}
    return marks


def advice(lives: Sequence[Life], notes: Sequence[str]) -> list[str]:
    """List what to say below: what would keep sessions alive, why a run stops, what could not be shown."""
    names: dict[str, list[str]] = {}
    for life in lives:
        if life.advice:
            names.setdefault(life.advice, []).append(life.session.name)
    said = [f"{', '.join(whose)}: {text}" for text, whose in names.items()]
    return [*said, *(f"{life.session.name}: {why}" for life in lives for why in _stops(life)), *notes]


def _stops(life: Life) -> list[str]:
    return [f"from {clock(event.at)} on, runs stop: {event.why}" for event in life.events if event.kind == "stopped"][
        :1
    ]


def as_json(lives: Sequence[Life], picture: Picture, notes: Sequence[str]) -> dict[str, Any]:
    """Give all of it as plain values; moments are RFC 3339."""
    return {
        "from": timestamps.render(picture.start),
        "until": timestamps.render(picture.end),
        "runs": [timestamps.render(run) for run in picture.runs],
        "sessions": [_entry(life) for life in lives],
        "notes": list(notes),
    }


def _entry(life: Life) -> dict[str, Any]:
    return {
        "name": life.session.name,
        "urn": life.session.urn,
        "aliveShare": round(life.alive, 4),
        "alive": [_pair(*span) for span in life.spans],
        "dead": [_pair(*gap) for gap in life.gaps],
        "events": [
            {"at": timestamps.render(event.at), "kind": event.kind}
            | ({"minutes": event.minutes} if event.minutes else {})
            | ({"why": event.why} if event.why else {})
            for event in life.events
        ],
        "advice": life.advice or None,
    }


def _pair(since: datetime, until: datetime) -> dict[str, str]:
    return {"from": timestamps.render(since), "until": timestamps.render(until)}
