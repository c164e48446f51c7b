"""Find or build the host of YAML programs, which the tests of the plugin run.

Pulumi's own archive has it beside the CLI. Where the CLI was built, it is built too, beside it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from tools import pulumi_build, pulumi_cli
from tools.locking import exclusive

HOST = "pulumi-language-yaml"


def ensure(cli: Path) -> Path:
    """Return the folder of the host for the CLI in a folder. Build it if there is none.

    Raises:
        CannotBuildError: it could not be built.

    """
    return cli if _is_in(cli) else _installed(_folder(cli))


def _is_in(folder: Path) -> bool:
    return os.access(folder / HOST, os.X_OK)


def _folder(cli: Path) -> Path:
    """Return where to install it: beside a CLI of ours, else in a folder of its own."""
    ours = cli == pulumi_cli.cached()
    return cli if ours else pulumi_cli.cache_folder() / f"{HOST}-v{pulumi_build.version_of('language-yaml')}"


def _installed(folder: Path) -> Path:
    cache = pulumi_cli.cache_folder()
    with exclusive(cache / "lock", "Pulumi CLI: waiting for another set-up that installs it"):
        if not _is_in(folder):
            folder.mkdir(exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".get-", dir=cache) as scratch:
                shutil.move(pulumi_build.build_yaml(Path(scratch)), folder / HOST)
    return folder
