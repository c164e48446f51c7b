"""Takes the tour and writes ``docs/tour.md``: ``make previews``."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from tests.support.masking import SHOWN_ID, UUID
from tests.support.pages import put
from tools.docs.text import rounded

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "tour.md"
COMMAND: Final = (sys.executable, "-m", "tools.tour")
_FILE: Final = re.compile(r"/\S+/(quant-sessions-state-)\w+(?=\.json)")
_PORT: Final = re.compile(r"(?<=127\.0\.0\.1:)\d+")
_SECONDS: Final = re.compile(r"\(\d+(?:\.\d+)?s\)")


def build(page: str, tour: str, now: datetime) -> str:
    """Return the page with the output of a tour that was taken now."""
    return put(page, "tour", f"```text\n{_steady(tour, now)}\n```")


def _steady(text: str, now: datetime) -> str:
    """Return the output of a tour without what differs between two."""
    text = UUID.sub(SHOWN_ID, rounded(text.strip(), now))
    text = _FILE.sub(r"/tmp/\1…", text)  # noqa: S108 - shown, not opened
    return _PORT.sub("…", _SECONDS.sub("(0.01s)", text))


def take(folder: Path) -> str:
    """Take the tour, with temporary files in a folder; return what it prints into a pipe."""
    environment = {**os.environ, "AUTO": "1", "TMPDIR": str(folder), "COLUMNS": "100"}
    done = subprocess.run(COMMAND, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


def _main() -> None:
    now = datetime.now(timezone.utc)
    with tempfile.TemporaryDirectory() as folder:
        tour = take(Path(folder))
    PAGE.write_text(build(PAGE.read_text(), tour, now))


if __name__ == "__main__":
    _main()
