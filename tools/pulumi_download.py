"""Run Pulumi's own installer, and give up if its download is blocked."""

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
"""Seconds without a byte until the download counts as blocked."""

STALLED_AFTER = 60.0
"""The same limit once the CLI itself arrives: longer, for slow connections."""

# The installer first fetches a small script: only more bytes than this show that the CLI itself arrives.
_SCRIPT_BYTES = 200_000
_POLL = 0.2
_INSTALL = """\
import sys
from pulumi.automation import PulumiCommand
from semver import VersionInfo
PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]))
"""


class Arrivals:
    """Distinguishes a blocked download from a slow one by the bytes that arrive."""

    def __init__(self, now: float, blocked_after: float = BLOCKED_AFTER) -> None:
        self._size = 0
        self._since = now
        self._blocked_after = blocked_after

    def stalled(self, size: int, now: float) -> bool:
        """Return whether nothing has arrived for too long. `size` is the total so far, in bytes."""
        if size != self._size:
            self._size, self._since = size, now
        limit = self._blocked_after if self._size < _SCRIPT_BYTES else STALLED_AFTER
        return now - self._since > limit


def download(scratch: Path, version: str, blocked_after: float = BLOCKED_AFTER) -> Path | None:
    """Install the CLI below `scratch`. Return its root, or None if the download is blocked or fails.

    The installer has no timeout, so it runs in a child process that can be killed.
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
        watch(child, scratch, blocked_after)
    finally:
        end_group(child)
    return root if child.returncode == 0 else None


def watch(child: subprocess.Popen[bytes], scratch: Path, blocked_after: float) -> None:
    """Wait until an installer has ended, or its download below `scratch` is stalled."""
    progress = Progress("downloading")
    arrivals = Arrivals(time.monotonic(), blocked_after)
    size = 0
    while child.poll() is None and not arrivals.stalled(size, time.monotonic()):
        time.sleep(_POLL)
        size = _bytes_below(scratch)
        progress.tick(f", {size // 1_000_000} MB")
    progress.clear()


def _bytes_below(folder: Path) -> int:
    """Return the total size of the files in a folder. Files may vanish meanwhile."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            total += path.lstat().st_size
    return total
