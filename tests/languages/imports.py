"""``pulumi import`` writes a program in the language of the project, and running that program changes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from tests.languages.life import ORGANIZATION
from tests.support.yaml_project import requests_of

if TYPE_CHECKING:
    from tests.languages.project import ExampleProject
    from tests.support.emulator_server import Emulator

_ID: Final = "6488304f-fe7e-41e4-a0c3-dbbf9de9b794"
_USER: Final = '9 ada/"é${x}'
_ADDRESS: Final = f"{ORGANIZATION}/9%20ada%2F%22%C3%A9%24%7Bx%7D/g%201/{_ID}"


def imported(project: ExampleProject, emulator: Emulator) -> None:
    """Import a session that is older than an hour into a stack of its own, and run the program that this wrote."""
    now = datetime.now(timezone.utc)
    created, expires = ((now + timedelta(hours=hours)).isoformat() for hours in (-4, 4))
    emulator.seed(ORGANIZATION, _ID, userId=_USER, sessionGroup="g 1", createdAt=created, expiresAt=expires)
    project.run("stack", "init", "imported")
    settings = "" if project.language != "yaml" else project.program.read_text().partition("resources:")[0]
    written = project.folder / "imported"
    session = ("quant-sessions:index:Session", "desk", _ADDRESS)
    project.run("import", *session, "--yes", "--protect=false", "--out", str(written))
    project.program.write_text(settings + written.read_text())
    emulator.clear()
    project.run("preview", "--expect-no-changes")
    assert "2 unchanged" in project.run("up", "--yes", "--skip-preview")
    assert requests_of(emulator) == []
