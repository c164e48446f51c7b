"""Find or install the Pulumi CLI, and print its folder.

In this order: the CLI on PATH if it is new enough, the one in the cache, Pulumi's own installer, a build from the Go
modules in `tools/pulumi/`. The folder goes to stdout, progress to stderr.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tools import pulumi_build, pulumi_download
from tools.locking import exclusive
from tools.progress import say
from tools.pulumi_build import CannotBuildError

if TYPE_CHECKING:
    from collections.abc import Callable

FLOOR = (3, 259, 0)
"""The oldest engine on which the provider is tested."""

VERSION = pulumi_build.version_of("engine")
"""The version to install or build, pinned in `tools/pulumi/engine/go.mod`."""

FILES = (
    "pulumi",
    "pulumi-language-python",
    "pulumi-language-python-exec",
    "pulumi-resource-pulumi-python",
)
"""The CLI, and the files it needs to run a Python program with a dynamic provider."""

_VERSION_SECONDS = 30


def cache_folder() -> Path:
    """Return the folder of installed CLIs, shared by all clones."""
    configured = Path(os.environ.get("XDG_CACHE_HOME", ""))
    base = configured if configured.is_absolute() else Path.home() / ".cache"
    return base / "quant-sessions-provider"


def version_of(command: Path) -> tuple[int, ...]:
    """Return the version of a CLI, empty if it does not run."""
    env = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        result = subprocess.run(
            [command, "version"],
            env=env,
            capture_output=True,
            encoding="utf-8",
            timeout=_VERSION_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", result.stdout.strip())
    return tuple(int(part) for part in found.groups()) if found else ()


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)


def on_path() -> Path | None:
    """Return the folder of the CLI on PATH if it is new enough and has its Python plugin beside it."""
    found = shutil.which("pulumi")
    if found is None:
        return None
    version = version_of(Path(found))
    if version < FLOOR or version[0] != FLOOR[0]:
        known = _dotted(version) or "of an unknown version"
        say(f"Pulumi CLI: {found} is {known}, {_dotted(FLOOR)} or newer is needed")
        return None
    for folder in (Path(found).parent, Path(found).resolve().parent):
        if shutil.which("pulumi-language-python", path=folder):
            return folder if folder.name == "bin" else _linked(folder)
    say(f"Pulumi CLI: {found} has no pulumi-language-python beside it")
    return None


def _linked(folder: Path) -> Path:
    """Return a folder named `bin` with links to the CLI: the Automation API looks for ROOT/bin/pulumi."""
    links = cache_folder() / "on-path" / "bin"
    links.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        with tempfile.TemporaryDirectory(dir=links) as scratch:
            link = Path(scratch, name)
            link.symlink_to((folder / name).absolute())
            link.replace(links / name)
    return links


def cached() -> Path | None:
    """Return the folder of the cached CLI, if there is one. It is never incomplete: it was renamed into place."""
    folder = cache_folder() / f"pulumi-v{VERSION}" / "bin"
    return folder if _complete(folder) else None


def _complete(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in FILES)


def ensure() -> Path:
    """Return the folder of a usable CLI. Install one if there is none.

    Raises:
        CannotBuildError: no CLI could be found, downloaded or built.

    """
    return on_path() or cached() or _install()


def _install() -> Path:
    cache = cache_folder()
    with exclusive(cache / "lock", "Pulumi CLI: waiting for another set-up that installs it"):
        ready = cached()
        if ready:
            return ready
        # Nobody else installs while we hold the lock: these are leftovers of killed runs.
        for leftover in cache.glob(".get-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=".get-", dir=cache) as scratch:
            return _move_into_place(_download_or_build(Path(scratch)))


def _download_or_build(scratch: Path) -> Path:
    say(f"Pulumi CLI: downloading {VERSION}")
    root = pulumi_download.download(scratch / "download", VERSION)
    if root and _complete(root / "bin"):
        return root
    return pulumi_build.build(scratch / "build")


def _move_into_place(root: Path) -> Path:
    final = cache_folder() / f"pulumi-v{VERSION}"
    shutil.rmtree(final, ignore_errors=True)
    root.rename(final)
    return final / "bin"


def print_folder(find: Callable[[], Path]) -> int:
    """Print a folder. Return 1 after a line on stderr if what it holds can be neither found nor installed."""
    try:
        print(find())
    except CannotBuildError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(print_folder(ensure))
