"""Runs a command and reads what its processes use, while they run."""

from __future__ import annotations

import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import psutil

from benchmarks.reading import Usage
from tests.support.killing import role_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.support.killing import Role

_INTERVAL: Final = 0.05
"""Seconds between two looks; what a process uses after the last one is not seen."""
_MEGABYTE: Final = 1_000_000


@dataclass
class _Process:
    """The last that was seen of a process; without a role of its own it counts as the engine's."""

    role: Role | None = None
    cpu: float = 0
    peak: int = 0


@dataclass
class _Family:
    """All processes below one, by what they do."""

    root: psutil.Process
    members: dict[psutil.Process, _Process] = field(default_factory=dict)

    def look(self) -> None:
        """Read all that are there; one that ends meanwhile keeps what was read before."""
        try:
            found = [self.root, *self.root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        for process in found:
            with suppress(psutil.NoSuchProcess), process.oneshot():
                self._read(process)

    def _read(self, process: psutil.Process) -> None:
        command = " ".join(process.cmdline())
        if not command:  # it is ending
            return
        member = self.members.setdefault(process, _Process())
        # A process becomes what it is by exec, after it was first seen.
        member.role = role_of(command)
        times = process.cpu_times()
        member.cpu = times.user + times.system
        member.peak = max(member.peak, process.memory_info().rss)

    def end(self) -> None:
        """Leave nothing behind of a run that was interrupted."""
        for process in self.members:
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def usage(self, seconds: float) -> Usage:
        """Sum up by role."""
        members = self.members.values()
        program = sum(one.cpu for one in members if one.role == "program")
        host = sum(one.cpu for one in members if one.role == "provider")
        engine = sum(one.cpu for one in members) - program - host
        peak = max((one.peak for one in members if one.role == "provider"), default=0)
        return Usage(seconds, engine, program, host, peak / _MEGABYTE)


class FailedError(Exception):
    """A measured command failed; the text is what it printed."""


def measured(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Usage:
    """Run a command of the Pulumi CLI to its end.

    Raises:
        FailedError: it ended with another code than 0.

    """
    output = folder / "output.txt"
    with output.open("w") as sink:
        start = time.perf_counter()
        child = psutil.Popen([*command], cwd=folder, env=dict(environment), stdout=sink, stderr=subprocess.STDOUT)
        family = _Family(child)
        try:
            while _runs(child):
                family.look()
            seconds = time.perf_counter() - start
        finally:
            family.end()
    if child.returncode:
        raise FailedError(output.read_text())
    return family.usage(seconds)


def _runs(child: psutil.Popen) -> bool:
    try:
        child.wait(_INTERVAL)
    except psutil.TimeoutExpired:
        return True
    return False
