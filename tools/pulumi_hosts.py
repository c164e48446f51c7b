"""Find or build Pulumi's host of a language, and print its folder: `python -m tools.pulumi_hosts yaml`.

Pulumi's own archive has them beside the CLI. Where the CLI was built, they are built too, beside it. `make test` runs
programs in YAML, `make languages` in TypeScript and Go.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from tools import pulumi_build, pulumi_cli
from tools.locking import exclusive


def file_of(language: str) -> str:
    """Return the name of a host: of `yaml`, `nodejs` or `go`."""
    return f"pulumi-language-{language}"


def ensure(language: str, cli: Path) -> Path:
    """Return the folder of a host for the CLI in a folder. Build it if there is none.

    Raises:
        CannotBuildError: it could not be built.

    """
    return cli if _is_in(cli, language) else _installed(language, _folder(language, cli))


def _is_in(folder: Path, language: str) -> bool:
    return os.access(folder / file_of(language), os.X_OK)


def _folder(language: str, cli: Path) -> Path:
    """Return where to install it: beside a CLI of ours, else in a folder of its own."""
    if cli == pulumi_cli.cached():
        return cli
    return pulumi_cli.cache_folder() / f"{file_of(language)}-v{pulumi_build.version_of(f'language-{language}')}"


def _installed(language: str, folder: Path) -> Path:
    cache = pulumi_cli.cache_folder()
    with exclusive(cache / "lock", "Pulumi CLI: waiting for another set-up that installs it"):
        if not _is_in(folder, language):
            folder.mkdir(exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".get-", dir=cache) as scratch:
                shutil.move(pulumi_build.build_host(language, Path(scratch)), folder / file_of(language))
    return folder


if __name__ == "__main__":
    sys.exit(pulumi_cli.print_folder(lambda: ensure(sys.argv[1], pulumi_cli.ensure())))
