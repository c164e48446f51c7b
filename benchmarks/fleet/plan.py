"""What is measured, and what came of it. Pure."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LATENCY_MS: Final = 100
Backend = Literal["files", "postgres"]
Pool = Literal["threads", "Dask"]
StepName = Literal["create", "unchanged", "destroy"]
STEPS: Final[tuple[StepName, ...]] = ("create", "unchanged", "destroy")
_CLIENT, _ONE = 0, 1
_SHARDS: Final = (4, 5, 8, 10, 20)
_USUAL, _OTHER_SLOTS = 4, (2, 6, 8)


@dataclass(frozen=True)
class Setup:
    """So many sessions in so many shards, of which so many run at the same time; no shard is QuantCDN's client."""

    sessions: int
    shards: int
    slots: int = 1
    backend: Backend = "files"
    pool: Pool = "threads"

    @property
    def is_client(self) -> bool:
        """Whether it is QuantCDN's client, which has no state."""
        return self.shards == _CLIENT

    @property
    def is_one_stack(self) -> bool:
        """Whether it is one stack without a fleet."""
        return self.shards == _ONE

    @property
    def name(self) -> str:
        """What it is called in tables."""
        if self.is_client:
            return "QuantCDN's client, 4 threads"
        what = "one stack" if self.is_one_stack else f"K = {self.shards}, W = {self.slots}"
        return ", ".join([what, self.backend, *(["Dask"] if self.pool == "Dask" else [])])


@dataclass(frozen=True)
class Reading:
    """How many seconds a step took."""

    setup: Setup
    step: StepName
    seconds: float


def setups(sessions: int, *, sizes: bool) -> Iterator[Setup]:
    """Yield what is measured of a number of sessions, and with ``sizes`` of some others; what matters most is first."""
    yield from (Setup(sessions, _CLIENT), Setup(sessions, _ONE))
    yield from (Setup(sessions, shards, _USUAL) for shards in _SHARDS)
    yield Setup(sessions, _ONE, backend="postgres")
    yield from (Setup(sessions, shards, _USUAL, "postgres") for shards in (5, 8, 10))
    yield from (Setup(sessions, shards, _USUAL, backend, "Dask") for backend in _BACKENDS for shards in (5, 10))
    yield from _of_size(250) if sizes else ()
    yield from _of_size(500) if sizes else ()
    yield from (Setup(sessions, shards, slots) for shards in _SHARDS for slots in _OTHER_SLOTS if slots <= shards)
    yield from _of_size(2000) if sizes else ()


def _of_size(sessions: int) -> Iterator[Setup]:
    yield from (Setup(sessions, _CLIENT), Setup(sessions, _ONE))
    yield from (Setup(sessions, shards, _USUAL) for shards in (4, 10, 20))


_BACKENDS: Final[tuple[Backend, ...]] = ("files", "postgres")
_COLUMNS: Final = (*(one.name for one in fields(Setup)), "step", "seconds")


def dump(readings: Iterable[Reading]) -> str:
    """Return the readings as CSV, one per line."""
    text = io.StringIO()
    table = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows({**asdict(one.setup), "step": one.step, "seconds": round(one.seconds, 2)} for one in readings)
    return text.getvalue()


def load(text: str) -> list[Reading]:
    """Parse the readings from CSV."""
    return [_reading(row) for row in csv.DictReader(io.StringIO(text))]


def _reading(row: dict[str, str]) -> Reading:
    backend: Backend = "postgres" if row["backend"] == "postgres" else "files"
    pool: Pool = "Dask" if row["pool"] == "Dask" else "threads"
    setup = Setup(int(row["sessions"]), int(row["shards"]), int(row["slots"]), backend, pool)
    (step,) = [one for one in STEPS if one == row["step"]]
    return Reading(setup, step, float(row["seconds"]))
