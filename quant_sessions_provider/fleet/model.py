"""What a shard's run is given, and what comes of it. All of it can be sent to another machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final, Literal, Protocol

import quant_sessions_provider

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quant_sessions_provider.fleet.definition import Definition

Verb = Literal["up", "preview", "refresh", "destroy", "keep"]
Outcome = Literal["done", "failed", "interrupted", "skipped", "waits"]
"""``waits``: something of what is kept waits for a person."""


class Stop(Protocol):
    """Whether a run is to end: what is begun is finished, and nothing else is begun."""

    def asked(self) -> bool:
        """Return whether to end."""


class Switch(Stop, Protocol):
    """What asks begun shards to end."""

    def ask(self) -> None:
        """Ask for the end."""

    def has_nobody(self) -> bool:
        """Return whether there is nothing that could be asked, so that what has not ended never will."""


class Never:
    """A run that nobody asks to end."""

    def asked(self) -> bool:
        """Return whether to end."""
        return False


@dataclass(frozen=True)
class Options:
    """How shards are run.

    ``delete_orphans``: sessions that a killed run created without recording it are deleted, not only named.
    ``unfinished``: only shards whose last run did not succeed. ``dead_hosts``: machines that are gone, whose locks
    nobody holds any more.
    """

    delete_orphans: bool = False
    unfinished: bool = False
    dead_hosts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Job:
    """One shard to run.

    ``rate``: its requests a second; ``environment`` is added to that of the worker. ``began``: when the fleet's run
    did. ``is_new``: this run has recorded the fleet, so its stacks are mostly not there. ``version`` is the package's
    where it was made: a worker with another one might understand it otherwise.
    """

    fleet: Definition
    shard: int
    verb: Verb
    options: Options
    rate: float | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    began: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    is_new: bool = False
    version: str = field(default_factory=lambda: quant_sessions_provider.__version__)

    @property
    def stack(self) -> str:
        """The name of the shard's stack."""
        return self.fleet.stack(self.shard)


@dataclass(frozen=True)
class Result:
    """What came of a shard: how many sessions it has, what was done to them, and the first error.

    ``sessions``: None for a keeper, which sees to what is due alone. ``losses``: conversations that a previewed run
    would end; None for other verbs. ``notes`` are lines about what a killed run had left. ``document``: what a preview
    printed, as JSON.
    """

    shard: int
    stack: str
    outcome: Outcome
    sessions: int | None = 0
    changes: Mapping[str, int] = field(default_factory=dict)
    losses: int | None = None
    seconds: float = 0
    error: str = ""
    notes: tuple[str, ...] = ()
    document: str = field(default="", repr=False)


INTERRUPTED: Final = "interrupted before it was done"


def interrupted(job: Job) -> Result:
    """Return what came of a shard that was not begun any more."""
    return Result(job.shard, job.stack, "interrupted", error=INTERRUPTED)


class ShardError(Exception):
    """Pulumi could not run a shard, and another try may: says why in one line."""
