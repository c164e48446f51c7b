"""How much lives met with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.chaos import verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.chaos.verdict import Ending

FAILING: Final = 0.2
"""Share of the requests that fail."""


@dataclass
class Tally:
    """Counts of one life, or of many."""

    lives: int = 0
    runs: int = 0
    failed_runs: int = 0
    kills: int = 0
    requests: int = 0
    faults: int = 0
    strays: int = 0
    """Living sessions in no state at the end."""
    not_found_out: int = 0
    """Lost creations for which no session could be named, since the API could not be asked."""
    left_over: int = 0
    """Sessions that hold what a failed run sent and the program then took back."""

    def add(self, other: Tally) -> None:
        """Count another's too."""
        for name, count in vars(other).items():
            setattr(self, name, getattr(self, name) + count)

    def sent(self, requests: Sequence[Mapping[str, Any]]) -> None:
        """Count what the API was asked, and how often it was made to fail."""
        self.requests += len(requests)
        self.faults += sum(request["fault"] is not None for request in requests)

    def end(self, end: Ending) -> None:
        """Count what is there at an end."""
        self.strays += len(verdict.strays(end))
        self.not_found_out += "\n".join(end.errors).count(verdict.UNDETERMINED)
        self.left_over += sum(any(bodies) for bodies in end.left_over.values())

    def __str__(self) -> str:
        """Write one line."""
        return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in vars(self).items())
