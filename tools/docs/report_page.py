"""Writes the report of a real preview into ``docs/report.md``, and its picture: ``make report``."""

from __future__ import annotations

import re
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from typer.testing import CliRunner

from quant_sessions_provider.cli.app import app
from quant_sessions_provider.core import timestamps
from tests.support.ageing import age
from tests.support.emulator_server import Emulator
from tests.support.masking import SHOWN_ID, UUID
from tests.support.project import Project
from tools.docs.comment import picture
from tools.docs.situations import CHAT, SYSTEM
from tools.docs.text import shifted, shifted_clock

ORGANIZATION: Final = "acme"
DOCS: Final = Path(__file__).parents[2] / "docs"
PAGE, PICTURE = DOCS / "report.md", DOCS / "report.svg"
PROGRAM: Final = """\
import json
from pathlib import Path

import pulumi
from quant_sessions_provider import Session

sessions = []
for name, declared in json.loads(Path("declared.json").read_text()).items():
    # Invalid input ends a preview: it comes last, so that all other steps are always there.
    last = pulumi.ResourceOptions(depends_on=sessions) if name == "training" else None
    sessions.append(Session(name, **{"user_id": name, **declared}, opts=last))
"""
_BLOCK: Final = re.compile(r"(?<=<!-- from a real preview -->\n\n```markdown\n).*?(?=```\n)", re.DOTALL)
_TIMESTAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|(?:\d{4}-\d\d-\d\d )?\b\d\d:\d\dZ")


def on_page() -> str:
    """Return the report that the page shows."""
    found = _BLOCK.search(PAGE.read_text())
    assert found
    return found.group()


def prepare(project: Project, emulator: Emulator) -> None:
    """Create a stack, advance time, and change its program."""
    project.init()
    renewed = {"renew_before_minutes": 15}
    project.declare(desk=renewed, orders={"messages": [SYSTEM]}, nights={}, shop={"expiration_minutes": 240})
    project.ok("up", "--yes", "--skip-preview")
    ids = {r["urn"].rsplit("::", 1)[-1]: r["id"] for r in project.export()["resources"] if "id" in r}
    emulator.append(ORGANIZATION, ids["orders"], CHAT * 7)
    age(project, emulator, {"desk": 50.5, "orders": 20.5, "nights": 90.5, "shop": 20.5})
    project.declare(
        desk=renewed,
        orders={"messages": [SYSTEM], "user_id": "orders-v2"},
        nights={},
        shop={"expiration_minutes": 240},
        returns={"expiration_minutes": 120},
        training={"expiration_minutes": 4},
    )


def report_of(printed: str) -> str:
    """Return the report as if the run was on the day that all pages show."""
    now = datetime.now(timezone.utc)
    done = CliRunner().invoke(app, ["report"], input=printed)
    assert done.exit_code == 0, done.output
    return UUID.sub(SHOWN_ID, _TIMESTAMP.sub(lambda found: _shown(found.group(), now), done.stdout))


def _shown(text: str, now: datetime) -> str:
    if "T" in text:
        return shifted(timestamps.parse(text), now)
    return shifted_clock(text, now)


def masked(text: str) -> str:
    """Mask what may differ by a minute on a slow machine, and a date that only midnight adds."""
    text = _TIMESTAMP.sub("<time>", text)
    return re.sub(r"\b\d+ minutes left|by \d+ minutes", "<minutes>", text)


def _build() -> None:
    with Emulator() as emulator, tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder), emulator.variables(ORGANIZATION), PROGRAM)
        prepare(project, emulator)
        report = report_of(project.cli("preview", "--json", "--show-sames", "--show-replacement-steps").stdout)
    PAGE.write_text(_BLOCK.sub(lambda _: report, PAGE.read_text(), count=1))
    PICTURE.write_text(picture(report))


if __name__ == "__main__":
    _build()
