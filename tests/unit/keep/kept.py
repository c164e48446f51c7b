"""A keeper of a stack on paper, for tests of what it does and when."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.keep.keeper import Keeper
from quant_sessions_provider.keep.lines import Log
from tests.support.exports import START
from tests.support.paper_pulumi import PaperClock, PaperPulumi

if TYPE_CHECKING:
    from quant_sessions_provider.keep.model import Line

BUCKET: Final = "urn:pulumi:main::shop::aws:s3/bucket:Bucket::logs"
EVERY: Final = timedelta(minutes=10)
SESSIONS: Final[dict[str, dict[str, Any]]] = {
    "desk": {"expirationMinutes": 60, "renewBeforeMinutes": 15},
    "orders": {"expirationMinutes": 240},
    "left": {"expirationMinutes": 60, "onExpired": "ignore"},
}


class Kept:
    """A keeper of a stack on paper, and what it said."""

    def __init__(self, sessions: dict[str, dict[str, Any]] = SESSIONS, hours: float = 24) -> None:
        self.clock = PaperClock(START + timedelta(hours=hours))
        self.pulumi = PaperPulumi(self.clock, sessions)
        self.lines: list[Line] = []
        self.keeper = Keeper(self.pulumi, self.clock, Log(self.clock, self.lines.append), EVERY)

    def at(self, minutes: float) -> Kept:
        """Set the time, in minutes after the start."""
        self.clock.time = START + timedelta(minutes=minutes)
        return self

    def said(self) -> list[tuple[str, str]]:
        """Return what was said, but for what is next: its kind, and about which session."""
        return [(line.kind, line.urn.rpartition("::")[2]) for line in self.lines if line.kind != "next"]

    def about(self, kind: str, name: str = "") -> list[str]:
        """Return the texts of a kind about a session."""
        return [each.text for each in self.lines if (each.kind, each.urn.rpartition("::")[2]) == (kind, name)]

    def failing(self, command: str, error: Exception, *, times: int = 1) -> None:
        """Have the next calls of a command raise."""
        left = times

        def before(name: str) -> None:
            nonlocal left
            if name == command and left:
                left -= 1
                raise error

        self.pulumi.before = before
