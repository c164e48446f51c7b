"""Show progress: one line that is rewritten on a terminal, or a line every few seconds in a log."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_POLL = 0.2


def say(text: str) -> None:
    """Print a line for the user on stderr. Stdout is for output that programs read."""
    print(text, file=sys.stderr, flush=True)


def minutes(seconds: float) -> str:
    """Format seconds as minutes: 83 becomes 1:23."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


class Progress:
    """The elapsed time of one step: rewritten in place on a terminal, every few seconds elsewhere."""

    def __init__(self, label: str, stream: TextIO | None = None, every: float = 10.0) -> None:
        self._label = label
        self._stream = stream or sys.stderr
        self._every = every
        self._started = self._shown = time.monotonic()

    def tick(self, detail: str = "") -> None:
        """Show that the step still runs."""
        now = time.monotonic()
        if self._stream.isatty():
            self._write(f"\r\x1b[K{self._line(now)}{detail}")
        elif now - self._shown >= self._every:
            self._shown = now
            self._write(f"{self._line(now)}{detail}\n")

    def done(self) -> None:
        """Print the total time."""
        start = "\r\x1b[K" if self._stream.isatty() else ""
        self._write(f"{start}{self._line(time.monotonic())}, done\n")

    def clear(self) -> None:
        """Remove the progress line from a terminal."""
        if self._stream.isatty():
            self._write("\r\x1b[K")

    def _line(self, now: float) -> str:
        return f"  {self._label} … {minutes(now - self._started)}"

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def end_group(child: subprocess.Popen[bytes]) -> None:
    """Kill a child and all processes that it started. The child must lead its own session."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def run_shown(command: Sequence[str], *, label: str, log: Path, cwd: Path, env: Mapping[str, str]) -> bool:
    """Run a command with its output in `log`, and show progress. Return whether it succeeded."""
    progress = Progress(label)
    with log.open("wb") as output:
        child = subprocess.Popen(
            command, cwd=cwd, env=env, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            while child.poll() is None:
                progress.tick()
                time.sleep(_POLL)
        finally:
            end_group(child)
    succeeded = child.returncode == 0
    progress.done() if succeeded else progress.clear()
    return succeeded
