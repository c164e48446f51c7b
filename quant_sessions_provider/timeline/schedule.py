"""The times of runs: every so many minutes, hours or days, or by a cron expression."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from itertools import takewhile
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_RUNS: Final = 20_000
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}


class ScheduleError(ValueError):
    """An option is not a schedule; names the option and says what it must be."""

    def __init__(self, option: str, rule: str) -> None:
        super().__init__(f"{option}: {rule}")
        self.option, self.rule = option, rule


def every(text: str, start: datetime, end: datetime) -> list[datetime]:
    """Return the runs of ``--every``, the first one interval after the start: the state is that of a run."""
    found = re.fullmatch(r"([1-9]\d{0,5})([mhd])", text.strip())
    if not found:
        raise ScheduleError("--every", "must be whole minutes, hours or days, such as 30m, 12h or 1d")
    step = timedelta(**{_UNITS[found[2]]: int(found[1])})
    return _within(_stepped(start, step), end)


def _stepped(start: datetime, step: timedelta) -> Iterator[datetime]:
    run = start
    while True:
        run += step
        yield run


def cron(line: str, zone: str, start: datetime, end: datetime) -> list[datetime]:
    """Return the runs of ``--cron`` in UTC; they follow the daylight saving time of their zone."""
    try:
        place = timezone.utc if zone == "UTC" else ZoneInfo(zone)
    except (KeyError, OSError, ValueError):
        raise ScheduleError(
            "--timezone", "must be a time zone that this machine knows, such as UTC or Europe/Berlin"
        ) from None
    try:
        local = CronSim(line, start.astimezone(place))
    except CronSimError as error:
        raise ScheduleError("--cron", f"must be a cron line of five fields, such as '0 */6 * * 1-5': {error}") from None
    return _within((run.astimezone(timezone.utc) for run in local), end)


def _within(endless: Iterator[datetime], end: datetime) -> list[datetime]:
    runs: list[datetime] = []
    for run in takewhile(lambda run: run < end, endless):
        if len(runs) == MOST_RUNS:
            raise ScheduleError("--days", f"at most {MOST_RUNS} runs can be shown; this schedule has more")
        runs.append(run)
    return runs
