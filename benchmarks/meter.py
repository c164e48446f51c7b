"""Run a command, and sample the CPU and memory of its processes while they run."""

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
"""Seconds between two samples. Usage after the last sample of a process is not counted."""
_MEGABYTE: Final = 1_000_000


@dataclass
class _Process:
    """The last sample of a process. Without a role it counts as the engine's."""

    role: Role | None = None
    cpu: float = 0
    peak: int = 0


@dataclass
class _ProcessTree:
    """A process and its descendants."""

    root: psutil.Process
    processes: dict[psutil.Process, _Process] = field(default_factory=dict)

    def sample(self) -> None:
        """Sample all running processes. One that has ended keeps its last sample."""
        try:
            found = [self.root, *self.root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        for process in found:
            with suppress(psutil.NoSuchProcess), process.oneshot():
                self._read(process)

    def _read(self, process: psutil.Process) -> None:
        command = " ".join(process.cmdline())
        if not command:  # the process is exiting
            return
        seen = self.processes.setdefault(process, _Process())
        # Read each time: the first sample may precede the exec.
        seen.role = role_of(command)
        times = process.cpu_times()
        seen.cpu = times.user + times.system
        seen.peak = max(seen.peak, process.memory_info().rss)

    def kill(self) -> None:
        """Kill the processes that an interrupted run has left."""
        for process in self.processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def usage(self, seconds: float) -> Usage:
        """Return the usage, summed by role."""
        processes = self.processes.values()
        program = sum(one.cpu for one in processes if one.role == "program")
        host = sum(one.cpu for one in processes if one.role == "provider")
        engine = sum(one.cpu for one in processes) - program - host
        peak = max((one.peak for one in processes if one.role == "provider"), default=0)
        return Usage(seconds, engine, program, host, peak / _MEGABYTE)


class FailedError(Exception):
    """A measured command failed. The text is its output."""


def measure(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Usage:
    """Run a command of the Pulumi CLI, and return its usage.

    Raises:
        FailedError: the exit code was not 0.

    """
    output = folder / "output.txt"
    with output.open("w") as sink:
        start = time.perf_counter()
        child = psutil.Popen([*command], cwd=folder, env=dict(environment), stdout=sink, stderr=subprocess.STDOUT)
        tree = _ProcessTree(child)
        try:
            while _runs(child):
                tree.sample()
            seconds = time.perf_counter() - start
        finally:
            tree.kill()
    if child.returncode:
        raise FailedError(output.read_text())
    return tree.usage(seconds)


def _runs(child: psutil.Popen) -> bool:
    try:
        child.wait(_INTERVAL)
    except psutil.TimeoutExpired:
        return True
    return False
