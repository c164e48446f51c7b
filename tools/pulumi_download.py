"""Pulumi's own installer, with an end to waiting where its download is blocked."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from tools.progress import Progress, end_group

if TYPE_CHECKING:
    from pathlib import Path

BLOCKED_AFTER = 8.0
"""Seconds without a byte of the CLI until the download counts as blocked."""

STALLED_AFTER = 60.0
"""Seconds without a byte once the CLI itself is coming in: a slow connection is left alone."""

# The installer first fetches a small script; only a larger sum shows that the CLI itself arrives.
_SCRIPT_BYTES = 200_000
_POLL = 0.2
_INSTALL = """\
import sys
from pulumi.automation import PulumiCommand
from semver import VersionInfo
PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]))
"""


class Arrivals:
    """Tells a blocked download from a slow one by the bytes that arrive."""

    def __init__(self, now: float, blocked_after: float = BLOCKED_AFTER) -> None:
        self._size = 0
        self._since = now
        self._blocked_after = blocked_after

    def stalled(self, size: int, now: float) -> bool:
        """Whether nothing has arrived for too long; `size` is the sum so far."""
        if size != self._size:
            self._size, self._since = size, now
        limit = self._blocked_after if self._size < _SCRIPT_BYTES else STALLED_AFTER
        return now - self._since > limit


def download(scratch: Path, version: str, blocked_after: float = BLOCKED_AFTER) -> Path | None:
    """Install the CLI below `scratch`; its root, or nothing if the download is blocked or fails.

    It runs in a child process: the installer waits for ever, and only a process can be ended from outside.
    """
    scratch.mkdir(parents=True)
    root = scratch / "root"
    child = subprocess.Popen(
        [sys.executable, "-c", _INSTALL, str(root), version],
        env={**os.environ, "TMPDIR": str(scratch)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _watch(child, scratch, blocked_after)
    finally:
        end_group(child)
    return root if child.returncode == 0 else None


def _watch(child: subprocess.Popen[bytes], scratch: Path, blocked_after: float) -> None:
    """Return when the installer has ended, or when nothing arrives any more."""
    progress = Progress("downloading")
    arrivals = Arrivals(time.monotonic(), blocked_after)
    size = 0
    while child.poll() is None and not arrivals.stalled(size, time.monotonic()):
        time.sleep(_POLL)
        size = _bytes_below(scratch)
        progress.tick(f", {size // 1_000_000} MB")
    progress.clear()


def _bytes_below(folder: Path) -> int:
    """Sum up the files there; some vanish while we look."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            total += path.lstat().st_size
    return total
