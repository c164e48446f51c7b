"""What a keeper knows of a stack, what it may run, what it leaves to a person, and the lines that it prints."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from quant_sessions_provider.report.model import Row
    from quant_sessions_provider.timeline.model import Event, ExportedSession

LineKind = Literal[
    "renewed", "recreated", "already done", "waits", "failed", "locked", "alarm", "not kept", "next", "ends"
]


@dataclass(frozen=True)
class Line:
    """One deed, or one thing that a person is to know.

    ``urn`` is empty for what is about the whole stack; ``due`` is when there is something to do next.
    """

    at: datetime
    kind: LineKind
    text: str
    urn: str = ""
    due: datetime | None = None


class RunError(Exception):
    """Pulumi did not do what it was asked for; says why in one line."""


class LockedError(RunError):
    """Another run holds the lock of the stack."""


class InterruptedRunError(RunError):
    """A signal ended it before it changed anything."""


class Clock(Protocol):
    """The time, and whether a signal asked to end."""

    @property
    def asked(self) -> bool:
        """Whether to end."""

    def now(self) -> datetime:
        """Return the time."""

    def sleep(self, until: datetime) -> None:
        """Sleep until a time, or until it is asked to end."""


class Engine(Protocol):
    """Pulumi, for one stack."""

    def export(self) -> object:
        """Return the stack's state, as ``pulumi stack export`` prints it."""

    def preview(self, targets: Sequence[str]) -> object:
        """Return what ``pulumi preview --json`` prints; without targets for the whole stack."""

    def up(self, targets: Sequence[str]) -> object:
        """Have Pulumi update these URNs; return what it carried out in the form of a preview."""


@dataclass(frozen=True)
class View:
    """A stack at one time: its sessions by URN, and when a run next has something to do to them.

    ``leftovers``: URNs of sessions with a predecessor that an earlier run could not delete; a run would delete it.
    ``unreadable``: sessions by URN whose times cannot be read, and why.
    """

    at: datetime
    sessions: dict[str, ExportedSession]
    events: dict[str, Event]
    leftovers: frozenset[str] = frozenset()
    unreadable: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """By URN: what may run and how it was previewed, what waits for a person and why, and what failed.

    ``elsewhere`` counts what waits outside of sessions, in one line; empty if nothing does.
    """

    run: dict[str, Row] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    elsewhere: str = ""

    @property
    def all_may_run(self) -> bool:
        """Whether the previewed run does nothing but what may run."""
        return not (self.waiting or self.failed or self.elsewhere)


@dataclass(frozen=True)
class Deferred:
    """A due session that is left for a while: after so many tries, until a time; ``person``: it waits for one."""

    session: ExportedSession
    tries: int
    until: datetime
    person: bool


@dataclass(frozen=True)
class Pauses:
    """How long to wait between tries: the first pause, which doubles, and the longest."""

    first: timedelta
    longest: timedelta
