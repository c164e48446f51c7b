"""What an example needs beside the plugin: Pulumi's host of its language, and an SDK with the packages around it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.support.engine import ROOT_VARIABLE
from tools import pulumi_hosts
from tools.pulumi_build import CannotBuildError

if TYPE_CHECKING:
    from tests.languages.project import ExampleProject

HOSTS: Final = {"yaml": "yaml", "typescript": "nodejs", "go": "go"}
_PLUGIN: Final = ".venv/bin/pulumi-resource-quant-sessions"
_NEEDED: Final = {"yaml": (), "typescript": ("node", "npm"), "go": ("go",)}
_REACHED: Final = {
    "typescript": ("npm", "view", "@pulumi/pulumi", "version"),
    "go": ("go", "mod", "download", "github.com/pulumi/pulumi/sdk/v3"),
}
"""Succeeds where the packages of a language can be had."""
_LINKED: Final = {"typescript": ("npm", "install", "--no-audit", "--no-fund"), "go": ("go", "mod", "tidy")}


class CannotRunError(Exception):
    """This machine cannot run programs in a language. The message says why."""


def host(language: str) -> None:
    """Find or build the host of a language, and let the CLI find it.

    Raises:
        CannotRunError: something is missing on this machine.

    """
    for command in _NEEDED[language]:
        if shutil.which(command) is None:
            raise CannotRunError(f"{command} is not installed")
    cli = Path(os.environ[ROOT_VARIABLE], "bin")
    try:
        folder = pulumi_hosts.ensure(HOSTS[language], cli)
    except CannotBuildError as error:
        raise CannotRunError(f"its host cannot be built: {str(error).splitlines()[-1]}") from error
    if folder != cli:
        os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"


def sdk(project: ExampleProject) -> None:
    """Generate the SDK of an example and link it, as its README says. YAML needs none.

    Raises:
        CannotRunError: the packages that every program in this language needs cannot be had.

    """
    if project.language not in _LINKED:
        return
    project.run("package", "gen-sdk", _PLUGIN, "--language", HOSTS[project.language], "--local", "--out", "sdks")
    _mend(project.folder / "sdks" / "nodejs")
    reached = _command(project, *_REACHED[project.language])
    if reached.returncode != 0:
        raise CannotRunError(f"its packages cannot be had: `{' '.join(_REACHED[project.language])}` failed")
    linked = _command(project, *_LINKED[project.language])
    assert linked.returncode == 0, linked.stdout + linked.stderr


def _mend(generated: Path) -> None:
    """Correct the imports of an SDK that a host before Go 1.26 wrote, but Go 1.26 built.

    filepath.Rel returns ".." where it returned "../." before, and the host takes the parent of that: "./" for "../".
    The newer hosts of Pulumi's own archive are right.
    """
    for file in generated.glob("*/**/*.ts"):
        text = file.read_text()
        file.write_text(text.replace('"./types/', '"../types/').replace('"./utilities"', '"../utilities"'))


def _command(project: ExampleProject, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - the commands of the language, from PATH
        command, cwd=project.folder, env=project.environment(), check=False, capture_output=True, text=True
    )
