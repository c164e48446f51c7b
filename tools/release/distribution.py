"""Build the wheel and the sdist into dist/: `make build`. The backend is the one in requirements.lock."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
DIST: Final = ROOT / "dist"
_FILES: Final = "quant_sessions_provider-*"
_LAST_LINES: Final = 50


class ReleaseError(Exception):
    """Something that a release needs is missing or wrong. The message is for the user."""


def build(folder: Path = DIST) -> None:
    """Replace the distributions in a folder, and check what an index would refuse of them.

    Raises:
        ReleaseError: they could not be built, or an index would refuse them.

    """
    for old in folder.glob(_FILES):
        old.unlink()
    ran(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT))
    ran(sys.executable, "-m", "twine", "check", "--strict", *map(str, distributions(folder)))


def distributions(folder: Path = DIST) -> list[Path]:
    """Return the sdist and the wheel in a folder."""
    return sorted(file for file in folder.glob(_FILES) if file.name.endswith((".tar.gz", ".whl")))


def wheel(folder: Path = DIST) -> Path:
    """Return the only wheel in a folder.

    Raises:
        ReleaseError: there is none, or there are several.

    """
    match list(folder.glob(f"{_FILES}.whl")):
        case [found]:
            return found
        case found:
            raise ReleaseError(f"{folder} has {len(found)} wheels instead of one: run `make build`")


def ran(*command: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> str:
    """Run a command. Return its standard output.

    Raises:
        ReleaseError: it is missing, or it failed, with the last lines that it printed.

    """
    try:
        done = subprocess.run(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False
        )
    except FileNotFoundError as error:
        raise ReleaseError(f"{error.filename} is missing: run `make clean setup`") from None
    if done.returncode:
        end = "\n".join(f"{done.stdout}{done.stderr}".splitlines()[-_LAST_LINES:])
        raise ReleaseError(f"{end}\n`{' '.join(command).splitlines()[0]}` failed")
    return done.stdout


if __name__ == "__main__":
    try:
        build()
    except ReleaseError as error:
        sys.exit(str(error))
    print(*distributions(), sep="\n")
