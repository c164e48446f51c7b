"""Virtual environments for what is installed, and the Pythons of this machine that serve them. uv makes them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from tools.environment import without
from tools.release.distribution import ROOT, ReleaseError, ran

_PYENV: Final = "PYENV_ROOT"


def supported() -> list[str]:
    """Return the versions of Python that pyproject.toml names, oldest first."""
    return re.findall(r'"Programming Language :: Python :: (3\.\d+)"', (ROOT / "pyproject.toml").read_text())


def find_python(version: str) -> Path | None:
    """Return a Python of this machine, or one that uv downloads; None if neither can be had."""
    try:
        found = _uv("python", "find", "--no-project", "--no-python-downloads", version)
    except ReleaseError:
        try:
            _uv("python", "install", version)
        except ReleaseError:
            return None
        found = _uv("python", "find", "--no-project", "--managed-python", version)
    return Path(found.strip())


class Environment:
    """A virtual environment in a folder of its own, without any package at first."""

    def __init__(self, folder: Path, python: Path) -> None:
        self.folder, self.python = folder, folder / "bin" / "python"
        _uv("venv", "--quiet", "--python", str(python), str(folder))

    def install(self, *requirements: str) -> None:
        """Install requirements; options of uv are requirements too.

        Raises:
            ReleaseError: they cannot be had together.

        """
        _uv("pip", "install", "--quiet", "--python", str(self.python), *requirements)

    def install_lowest(self, wheel: Path, *extras: str) -> None:
        """Install a wheel of this project with extras, and the lowest versions of what it requires.

        Raises:
            ReleaseError: they cannot be had together.

        """
        # For uv what a wheel requires is not direct, so that is read where the wheel has it from.
        chosen = [f"--extra={extra}" for extra in extras]
        self.install("--resolution=lowest-direct", f"--requirements={ROOT / 'pyproject.toml'}", *chosen)
        self.install("--no-deps", str(wheel))

    def run(self, *command: str, cwd: Path, **variables: str) -> str:
        """Run a command of the environment, or its Python. Return its standard output.

        Raises:
            ReleaseError: it failed.

        """
        program, *arguments = command
        env = {**without(os.environ, "PYTHON", "QUANTCDN_"), **variables}
        return ran(str(self.folder / "bin" / program), *arguments, cwd=cwd, env=env)


def _uv(*arguments: str) -> str:
    # pyenv puts only one of its Pythons on PATH.
    root = Path(os.environ.get(_PYENV) or Path.home() / ".pyenv")
    folders = [*map(str, sorted(root.glob("versions/*/bin"))), os.environ.get("PATH", os.defpath)]
    return ran(os.environ["UV"], *arguments, env={**os.environ, "PATH": os.pathsep.join(folders)})
