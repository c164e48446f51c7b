"""The times of runs: every so many minutes, hours or days, or by a cron expression."""

from __future__ import annotations

from datetime import datetime, timezone
from itertools import takewhile
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from quant_sessions_provider.core import durations
from quant_sessions_provider.core.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_RUNS: Final = 20_000
_ANY_TIME: Final = datetime(2000, 1, 1, tzinfo=timezone.utc)
_FIELDS: Final = ("minute", "hour", "day of month", "month", "day of week")


class ScheduleError(ValueError):
    """An option is not a schedule; names the option and says what it must be."""

    def __init__(self, option: str, rule: str) -> None:
        super().__init__(f"{option}: {rule}")
        self.option, self.rule = option, rule


def every(text: str, start: datetime, end: datetime) -> list[datetime]:
    """Return the runs of ``--every``, the first one interval after the start: the state is that of a run."""
    try:
        step = durations.parse(text)
    except ValueError as error:
        raise ScheduleError("--every", str(error)) from None
    count = -((start - end) // step) - 1
    return _limited(start + step * n for n in range(1, count + 1))


def cron(line: str, zone: str, start: datetime, end: datetime) -> list[datetime]:
    """Return the runs of ``--cron`` in UTC; they follow the daylight saving time of their zone."""
    try:
        place = timezone.utc if zone == "UTC" else ZoneInfo(zone)
    except (KeyError, OSError, ValueError):
        raise ScheduleError(
            "--timezone", "must be a time zone that this machine knows, such as UTC or Europe/Berlin"
        ) from None
    _require_fields(line.split())
    runs = (run.astimezone(timezone.utc) for run in CronSim(line, start.astimezone(place)))
    return _limited(takewhile(lambda run: run < end, runs))


def _require_fields(fields: list[str]) -> None:
    if len(fields) != len(_FIELDS):
        raise ScheduleError("--cron", f"must have five fields ({', '.join(_FIELDS)}), not {len(fields)}")
    for place, (name, field) in enumerate(zip(_FIELDS, fields, strict=True)):
        others = ["*"] * len(_FIELDS)
        if not _is_cron([*others[:place], field, *others[place + 1 :]]):
            raise ScheduleError("--cron", f"the {name} '{one_line(field)}' is not valid")
    if not _is_cron(fields):
        raise ScheduleError("--cron", "no month of this expression has such a day")


def _is_cron(fields: list[str]) -> bool:
    try:
        CronSim(" ".join(fields), _ANY_TIME)
    except CronSimError:
        return False
    return True


def _limited(times: Iterable[datetime]) -> list[datetime]:
    runs: list[datetime] = []
    for run in times:
        if len(runs) == MOST_RUNS:
            raise ScheduleError("--days", f"at most {MOST_RUNS} runs can be shown; this schedule has more")
        runs.append(run)
    return runs
