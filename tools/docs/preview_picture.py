"""Draws ``docs/preview.svg``, a real preview in a terminal: ``make previews``."""

from __future__ import annotations

import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from rich.text import Text

from tests.support.ageing import age
from tests.support.emulator_server import Emulator
from tests.support.engine import pulumi_command
from tests.support.project import Project
from tools.docs.drawing import drawing
from tools.docs.situations import CHAT, SYSTEM
from tools.docs.terminal import terminal
from tools.docs.text import rounded

PICTURE: Final = Path(__file__).parents[2] / "docs" / "preview.svg"
_ORGANIZATION: Final = "acme"
_TITLE: Final = (
    "pulumi preview of four sessions: one is extended, two are replaced, one of them with a loss, one is new"
)
_WIDTH: Final = 106
"""Here the one line that is too long breaks between two words."""
_PROGRAM: Final = """\
import json
from pathlib import Path

import pulumi
from quant_sessions_provider import Session

sessions = []
for name, declared in json.loads(Path("declared.json").read_text()).items():
    # One after the other: the table has them in this order, in each run.
    after = pulumi.ResourceOptions(depends_on=sessions[-1:])
    sessions.append(Session(name, **{"user_id": name, **declared}, opts=after))
"""

_Line = list[tuple[str, str]]


def picture() -> str:
    """Return the drawing of a new preview, as if it was at noon."""
    with Emulator() as emulator, tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder), emulator.variables(_ORGANIZATION), _PROGRAM, name="shop")
        _prepare(project, emulator)
        environment = {**project.environment(), "TERM": "xterm-256color", "PULUMI_DISABLE_CI_DETECTION": "true"}
        now = datetime.now(timezone.utc)
        command = [pulumi_command().command, "preview", "--stack", "main"]
        with terminal(command, project.folder, environment, _WIDTH) as run:
            run.wait()
            lines = run.coloured
    shown = [[(rounded(text, now), style) for text, style in line] for line in _by_name(lines)]
    return drawing([Text.assemble(*line) for line in shown], _WIDTH, "preview", _TITLE)


def _prepare(project: Project, emulator: Emulator) -> None:
    project.init()
    renewed = {"renew_before_minutes": 30}
    project.declare(desk=renewed, nights={}, orders={"messages": [SYSTEM]})
    project.ok("up", "--yes", "--skip-preview", "--stack", "main")
    emulator.append(_ORGANIZATION, project.sessions()["orders"]["id"], CHAT * 2)
    age(project, emulator, {"desk": 37.5, "nights": 90})
    project.declare(desk=renewed, nights={}, orders={"messages": [SYSTEM], "user_id": "orders-v2"}, support={})


def _by_name(lines: list[_Line]) -> list[_Line]:
    """Return the lines with the blocks below "Diagnostics" in the order of the table, which differs between runs."""
    plain = ["".join(text for text, _ in line) for line in lines]
    start, end = plain.index("Diagnostics:") + 1, plain.index("Resources:")
    blocks = [(plain[row], lines[row : row + 3]) for row in range(start, end, 3)]
    return lines[:start] + [line for _, block in sorted(blocks) for line in block] + lines[end:]


if __name__ == "__main__":
    PICTURE.write_text(picture())
