"""The readings of a run that has not ended: each is written at once, and a run that was interrupted goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.results import dump, load

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from benchmarks.plan import Entry
    from benchmarks.reading import Case, Contestant, Reading, Step

_Key = tuple["Contestant", "Step", "Case", int]


class Record:
    """Readings, in a file if there is one."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        found = load(file.read_text()) if file and file.exists() else []
        self._readings: dict[_Key, Reading] = {_key(one): one for one in found}

    @property
    def readings(self) -> list[Reading]:
        """Return all readings, in the order in which they were measured."""
        return [*self._readings.values()]

    def has(self, entry: Entry, number: int) -> bool:
        """Return whether all steps of an entry are there."""
        return all(key in self._readings for key in _keys(entry, number))

    def forget(self, entries: Iterable[Entry], number: int) -> None:
        """Remove the steps of entries that are measured again, since a stack begins with its first."""
        for entry in entries:
            for key in _keys(entry, number):
                self._readings.pop(key, None)

    def add(self, reading: Reading) -> None:
        """Add a reading, and write the file."""
        self._readings[_key(reading)] = reading
        if self._file:
            self._file.write_text(dump(self.readings))

    def end(self) -> None:
        """Remove the file: the next run measures all."""
        if self._file:
            self._file.unlink(missing_ok=True)


def _key(one: Reading) -> _Key:
    return one.contestant, one.step, one.case, one.round


def _keys(entry: Entry, number: int) -> list[_Key]:
    return [(entry.contestant, step, case, number) for step, case in entry.steps]
