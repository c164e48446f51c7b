"""`make fresh`: time what a new contributor runs. Clones HEAD twice into empty folders, with an empty home.

The first clone starts with nothing: no packages, no CLI, no Go modules. WARM_GO=1 keeps Go's own caches, which saves
minutes of compiling where the CLI cannot be downloaded. The second clone uses the caches that the first one filled.
Everything is in one temporary folder, which is removed at the end.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tools.environment import CREDENTIALS, ENGINE, without
from tools.progress import minutes, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parent.parent
WARM_SECONDS = 15.0
"""Limit for a warm `make up`."""

_COLD = (("first clone: make up, nothing cached", "up"), ("first clone: make down", "down"))
_WARM_UP = "second clone: make up, warm"
_WARM = (
    (_WARM_UP, "up"),
    ("second clone: make up, nothing to do", "up"),
    ("second clone: make tour", "tour"),
    ("second clone: make test", "test"),
    ("second clone: make down", "down"),
)
TARGETS = {target for _, target in (*_COLD, *_WARM)}


class FailedError(Exception):
    """A step failed. Its output was shown already."""


def stranger(home: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a user who has the tools, but none of our settings and caches."""
    dropped = (CREDENTIALS, ENGINE, "XDG_", "VIRTUAL_ENV", "MAKE", "MFLAGS", "LIVE", "GOCACHE", "GOMODCACHE")
    env = {**without(environ, *dropped), "HOME": str(home), "AUTO": "1"}
    return env | _go_caches() if environ.get("WARM_GO") == "1" else env


def _go_caches() -> dict[str, str]:
    names = ("GOCACHE", "GOMODCACHE")
    if shutil.which("go") is None:
        return {}
    result = subprocess.run(["go", "env", *names], capture_output=True, encoding="utf-8", check=True)
    return dict(zip(names, result.stdout.splitlines(), strict=True))


def timed(title: str, target: str, clone: Path, env: Mapping[str, str]) -> tuple[str, float]:
    """Run one target in a clone. Return its title and seconds."""
    say(f"\n=== {title}")
    started = time.monotonic()
    if subprocess.run(["make", target], cwd=clone, env=env, check=False).returncode != 0:
        raise FailedError(title)
    return title, time.monotonic() - started


@contextmanager
def cloned(folder: Path, env: Mapping[str, str]) -> Iterator[Path]:
    """Yield a clone of HEAD. Stop its emulator at the end, whatever happens."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], env=env, check=True)
    try:
        yield folder
    finally:
        subprocess.run(["make", "--silent", "clean"], cwd=folder, env=env, check=False)


def measure(scratch: Path) -> Iterator[tuple[str, float]]:
    """Run all steps, one clone after the other, and yield their titles and seconds."""
    home = scratch / "home"
    home.mkdir()
    env = stranger(home, os.environ)
    for name, steps in (("first", _COLD), ("second", _WARM)):
        with cloned(scratch / name, env) as clone:
            for title, target in steps:
                yield timed(title, target, clone, env)


def _remove(folder: Path) -> None:
    """Remove a folder that contains Go's module cache, which is write-protected."""
    for path, _, _ in os.walk(folder):
        Path(path).chmod(0o700)
    shutil.rmtree(folder)


def _print_table(times: list[tuple[str, float]]) -> None:
    width = max((len(title) for title, _ in times), default=0)
    print()
    for title, seconds in times:
        print(f"  {title:<{width}}  {minutes(seconds):>5}  ({seconds:.1f} s)")


def main() -> int:
    """Run all steps and print their times. Return 1 if a step fails or the warm `make up` is too slow."""
    scratch = Path(tempfile.mkdtemp(prefix="quant-sessions-fresh-"))
    times: list[tuple[str, float]] = []
    failed = ""
    try:
        times.extend(measure(scratch))
    except FailedError as error:
        failed = f"Failed: {error}"
    except KeyboardInterrupt:
        failed = "Interrupted"
    finally:
        _remove(scratch)
    _print_table(times)
    if not failed and dict(times)[_WARM_UP] > WARM_SECONDS:
        failed = f"The warm `make up` took longer than {WARM_SECONDS:.0f} s"
    if failed:
        say(failed)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
