"""Whole minutes of a clock that goes on while a test runs.

A test foretells them for the first minute after a creation. On a slow machine a run comes later than that; in which
minute it came is read from the moments concerned.
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
    """The whole minutes from a creation to a run: until it planned, and until it told its plan or sent it."""

    planned: int
    done: int


def created(inputs: Mapping[str, Any], run: Run) -> datetime:
    """Return when a run planned a new session; one with an expiry set by hand was given an hour."""
    lifetime: int = inputs.get("expirationMinutes", 60)
    moment = timestamps.parse(inputs["expiresAt"]) - lifetime * MINUTE
    # A planned expiry is cut to whole seconds.
    assert run.began - SECOND < moment <= run.ended
    return moment


def lates(run: Run, since: datetime) -> list[Late]:
    """Return how late a run may have been; there is more than one way only if a minute ended during the run."""
    first, last = ((moment - since) // MINUTE for moment in (run.began, run.ended))
    return [Late(planned, done) for planned in range(first, last + 1) for done in range(planned, last + 1)]


def foretold(what: T | Callable[[Late], T], run: Run, since: datetime) -> list[T]:
    """Return what a run may show, for each way in which it may be late; ``what`` may be the same in all."""
    return [what(late) if callable(what) else what for late in lates(run, since)]


def extends(left: int, *, by: int, first: str = "") -> Callable[[Late], str]:
    """Return the sentence of an extension by so many minutes, whenever it is told."""
    return lambda late: f"{first}{_minutes(left - late.done)} left: extends by {_minutes(by)}, until about "


def renews(left: int, *, by: int, first: str = "") -> Callable[[Late], str]:
    """Return the sentence of an extension until a lifetime from when it is planned."""
    return lambda late: extends(left, by=by + late.planned, first=first)(late)


def _minutes(count: int) -> str:
    return f"{count} minute{'' if count == 1 else 's'}"


def minutes_to_cover(span: timedelta) -> int:
    """Return the fewest whole minutes that cover a span."""
    return -(-span // MINUTE)
