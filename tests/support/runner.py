"""A runner of GitHub for the steps of ``action.yml``, with the same shell and a ``gh`` that records its calls."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
ACTION: Final[dict[str, Any]] = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS: Final[dict[str, dict[str, Any]]] = {step["name"]: step for step in ACTION["runs"]["steps"]}
_GH: Final = """#!/bin/sh
printf '%s\\n' "$*" >> "$CALLS"
case "$*" in *--paginate*) printf '%b' "$KNOWN" ;; esac
case "$*" in *"$FAILING"*) echo "gh: HTTP 403" >&2; exit 1 ;; esac
"""


class Runner:
    """A GitHub runner: its folder, files and commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("output", "summary", "calls"):
            (folder / name).touch()
        (folder / "quant-sessions").symlink_to(sys.prefix)
        (folder / "gh").write_text(_GH)
        (folder / "gh").chmod(0o700)

    def run(self, name: str, work_dir: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a step of the action by its name, or a script."""
        script = self.folder / "script.sh"
        script.write_text(STEPS[name]["run"] if name in STEPS else name)
        environment = {
            "PATH": f"{self.folder}:{os.environ['PATH']}",
            "RUNNER_TEMP": str(self.folder),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "CALLS": str(self.folder / "calls"),
            **variables,
        }
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        where = work_dir or self.folder
        return subprocess.run(shell, cwd=where, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - the action's own script

    def said(self, name: str) -> str:
        return (self.folder / name).read_text()
