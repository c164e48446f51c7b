"""What a timeline is made of: sessions as a stack declares them, what runs do, and when each session lives."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from quant_sessions_provider.core.model import Properties

EventKind = Literal["renewed", "recreated", "stopped"]


@dataclass(frozen=True)
class Event:
    """A run that did something: extended the session by ``minutes``, recreated it, or stopped.

    ``why``: why it stopped, or recreated a session that did not need it.
    """

    at: datetime
    kind: EventKind
    minutes: int = 0
    why: str = ""


@dataclass(frozen=True)
class ExportedSession:
    """A session in an exported state; ``declared`` is what the program must have said.

    ``ignores_expiry``: an option ignores changes of its expiry; ``replaced_by_renewal``: one replaces it for them.
    ``pending``: it was deleted, and the next run creates its replacement. ``replaced_with``: the URNs of resources that
    it is replaced with. ``lives``: whether the API has it; None if that was not asked, so that its times decide.
    """

    name: str
    urn: str
    declared: Properties
    inputs: Properties
    outputs: Properties
    protected: bool = False
    ignores_expiry: bool = False
    replaced_by_renewal: bool = False
    pending: bool = False
    replaced_with: frozenset[str] = frozenset()
    lives: bool | None = None


@dataclass
class Forecast:
    """One session from ``start`` to ``end``: when it lives, what runs do, and what would keep it alive."""

    session: ExportedSession
    start: datetime
    end: datetime
    spans: list[tuple[datetime, datetime]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    advice: str = ""

    def count(self, kind: EventKind) -> int:
        """Return the number of runs that did one kind of thing."""
        return sum(event.kind == kind for event in self.events)

    @property
    def alive(self) -> float:
        """Fraction of the time in which the session lives, from 0 to 1."""
        return sum((until - since for since, until in self.spans), timedelta()) / (self.end - self.start)

    @property
    def gaps(self) -> list[tuple[datetime, datetime]]:
        """The times in which the session is dead."""
        edges = [self.start, *(edge for span in self.spans for edge in span), self.end]
        return [(since, until) for since, until in zip(edges[::2], edges[1::2], strict=True) if since < until]
