"""A copy of an example whose program is not Python, for runs of the real CLI with the plugin."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Final

from tests.support.examples import EXAMPLES, untrue
from tests.support.project import Project

if TYPE_CHECKING:
    from pathlib import Path

PROGRAMS: Final = {"yaml": "Pulumi.yaml", "typescript": "index.ts", "go": "main.go"}
"""The file of each example that holds its program."""


class ExampleProject(Project):
    """An example as a user has it, with the output of all its runs."""

    def __init__(self, folder: Path, language: str, variables: dict[str, str]) -> None:
        folder.mkdir(exist_ok=True)
        super().__init__(folder, variables, "")
        (folder / "__main__.py").unlink()
        generated = shutil.ignore_patterns(".venv", "sdks", "node_modules")
        shutil.copytree(EXAMPLES / language, folder, ignore=generated, dirs_exist_ok=True)
        (folder / ".venv").symlink_to(sys.prefix)
        self.language = language
        self.program = folder / PROGRAMS[language]
        self.printed: list[str] = []

    def run(self, *arguments: str) -> str:
        """Run a command that must succeed. Return its output."""
        self.printed.append(self.ok(*arguments))
        return self.printed[-1]

    def edit(self, old: str, new: str) -> None:
        """Replace a text that occurs exactly once in the program."""
        text = self.program.read_text()
        assert text.count(old) == 1, text
        self.program.write_text(text.replace(old, new))

    def untrue(self) -> list[str]:
        """Return the text blocks of the README that no run printed completely."""
        return untrue((self.folder / "README.md").read_text(), self.printed)
