"""Find or install the browser in which the emulator's page is tested.

In this order: Chromium or Chrome on this machine, Playwright's own download, and as root Debian's package.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools import pulumi_download
from tools.locking import exclusive
from tools.progress import end_group, run_shown, say
from tools.pulumi_cli import cache_folder

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_APPLICATIONS = tuple(f"/Applications/{name}.app/Contents/MacOS/{name}" for name in ("Google Chrome", "Chromium"))
_TRY_SECONDS = 60
_LAUNCH = """\
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    playwright.chromium.launch().close()
"""


class NoBrowserError(Exception):
    """There is no browser, and none can be installed. The message is one line for the user."""


def ensure(blocked_after: float = pulumi_download.BLOCKED_AFTER) -> Path | None:
    """Return the program of a browser, None for Playwright's own. Install one if there is none.

    Raises:
        NoBrowserError: no browser could be found, downloaded or installed.

    """
    found = on_machine()
    if found:
        return found
    with exclusive(cache_folder() / "browser.lock", "Chromium: waiting for another run that installs it"):
        if _download(blocked_after):
            return None
        found = on_machine() or _install_package()
    if found is None:
        raise NoBrowserError(
            "The tests of the emulator's page need a browser: install Chromium or Google Chrome "
            "(Debian: sudo apt install chromium), or run .venv/bin/python -m playwright install chromium"
        )
    return found


def on_machine() -> Path | None:
    """Return the program of a Chromium or Chrome that runs."""
    candidates = [*map(shutil.which, NAMES), *map(shutil.which, _APPLICATIONS)]
    return next((Path(found) for found in candidates if found and _succeeds(found, "--version")), None)


def _succeeds(*command: str) -> bool:
    # Some names are placeholders, which only say how to install the browser.
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TRY_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def _download(blocked_after: float) -> bool:
    """Have Playwright download its browser, unless it has one. Return whether that one runs."""
    say("Chromium: none on this machine, trying Playwright's own")
    with tempfile.TemporaryDirectory(dir=cache_folder()) as scratch:
        child = subprocess.Popen(
            [sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"],
            env={**os.environ, "TMPDIR": scratch},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            pulumi_download.watch(child, Path(scratch), blocked_after)
        finally:
            end_group(child)
    return child.returncode == 0 and _succeeds(sys.executable, "-c", _LAUNCH)


def _install_package() -> Path | None:
    """Install Debian's package, which only root can do."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return None
    options = ["--quiet", "--option", "DPkg::Lock::Timeout=120"]
    packages = ["--yes", "--no-install-recommends", "chromium"]
    for label, arguments in (("apt-get update", ["update"]), ("apt-get install chromium", ["install", *packages])):
        run_shown(
            ["apt-get", *options, *arguments],
            label=label,
            log=cache_folder() / "browser.log",
            cwd=Path("/"),
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
    return on_machine()
