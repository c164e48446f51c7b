"""The YAML program that ``docs/plugin.md`` shows, from nothing to destroy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tests.languages import prepare
from tests.languages.life import ORGANIZATION
from tests.languages.project import ExampleProject
from tests.support.examples import EXAMPLES
from tests.support.yaml_project import requests_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.emulator_server import Emulator

_PAGE: Final = EXAMPLES.parent / "docs" / "plugin.md"


def program() -> str:
    """Return the program, the first one in YAML there."""
    shown, *_ = re.findall(r"^```yaml\n(.*?)^```$", _PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return str(shown)


def readme(folder: Path, emulator: Emulator) -> None:
    """Run the program, and count its requests.

    Raises:
        CannotRunError: something is missing on this machine.

    """
    prepare.host("yaml")
    project = ExampleProject(folder / "yaml", "yaml", emulator.variables(ORGANIZATION))
    project.program.write_text(program())
    project.run("stack", "init", "main")
    assert "desk: lives 60 minutes, until about" in project.run("preview")
    assert requests_of(emulator) == []
    project.run("up", "--yes", "--skip-preview")
    assert requests_of(emulator) == [("POST", 201)]
    project.run("preview", "--expect-no-changes")
    assert requests_of(emulator) == []
    project.run("destroy", "--yes", "--skip-preview")
    assert requests_of(emulator) == [("DELETE", 200)]
    assert emulator.sessions(ORGANIZATION) == []
