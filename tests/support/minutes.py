"""Expected whole minutes, with a clock that advances during a test.

Tests state the minutes for runs in the first minute after a creation. On a slow machine a run is later. Its delay is
computed from the recorded times.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from quant_sessions_provider.core import timestamps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from tests.support.engine import Run

MINUTE: Final = timedelta(minutes=1)
SECOND: Final = timedelta(seconds=1)

T = TypeVar("T")


class Late(NamedTuple):
    """The whole minutes from a creation until a run planned, and until it printed or sent its plan."""

    planned: int
    done: int


def created(inputs: Mapping[str, Any], run: Run) -> datetime:
    """Return when a run planned a new session. With an explicit expiry the lifetime must be an hour."""
    lifetime: int = inputs.get("expirationMinutes", 60)
    time = timestamps.parse(inputs["expiresAt"]) - lifetime * MINUTE
    # A planned expiry is truncated to whole seconds.
    assert run.began - SECOND < time <= run.ended
    return time


def lates(run: Run, since: datetime) -> list[Late]:
    """Return the possible delays of a run. There is more than one only if a minute ended during the run."""
    first, last = ((time - since) // MINUTE for time in (run.began, run.ended))
    return [Late(planned, done) for planned in range(first, last + 1) for done in range(planned, last + 1)]


def foretold(what: T | Callable[[Late], T], run: Run, since: datetime) -> list[T]:
    """Return what a run may show, for each possible delay. ``what`` may be independent of the delay."""
    return [what(late) if callable(what) else what for late in lates(run, since)]


def extends(left: int, *, by: int, first: str = "") -> Callable[[Late], str]:
    """Return the sentence of an extension by ``by`` minutes, for any delay."""
    return lambda late: f"{first}{_minutes(left - late.done)} left: extends by {_minutes(by)}, until about "


def renews(left: int, *, by: int, first: str = "") -> Callable[[Late], str]:
    """Return the sentence of an extension to a full lifetime from the time of the plan, for any delay."""
    return lambda late: extends(left, by=by + late.planned, first=first)(late)


def _minutes(count: int) -> str:
    return f"{count} minute{'' if count == 1 else 's'}"


def minutes_to_cover(span: timedelta) -> int:
    """Return the fewest whole minutes that cover a span."""
    return -(-span // MINUTE)
