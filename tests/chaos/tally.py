"""Count what happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.chaos import verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.chaos.verdict import Ending

FAILING: Final = 0.2
"""Fraction of requests that fail."""


@dataclass
class Tally:
    """Counts of one or many seeds."""

    lives: int = 0
    runs: int = 0
    failed_runs: int = 0
    kills: int = 0
    requests: int = 0
    faults: int = 0
    strays: int = 0
    """Live sessions that are in no state at the end."""
    undetermined: int = 0
    """Lost creations for which the error names no session, because the list failed too."""
    left_over: int = 0
    """Sessions with changes of a failed run that the program reverted afterwards."""

    def add(self, other: Tally) -> None:
        """Add the counts of another tally."""
        for name, count in vars(other).items():
            setattr(self, name, getattr(self, name) + count)

    def sent(self, requests: Sequence[Mapping[str, Any]]) -> None:
        """Count requests and injected faults."""
        self.requests += len(requests)
        self.faults += sum(request["fault"] is not None for request in requests)

    def end(self, end: Ending) -> None:
        """Count the result of one seed."""
        self.strays += len(verdict.strays(end))
        self.undetermined += "\n".join(end.errors).count(verdict.UNDETERMINED)
        self.left_over += sum(any(bodies) for bodies in end.left_over.values())

    def __str__(self) -> str:
        """Return the counts as one line."""
        return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in vars(self).items())
