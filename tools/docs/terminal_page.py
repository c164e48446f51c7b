"""Runs `pulumi up` in terminals of two widths and writes ``docs/terminal.md``: ``make previews``."""

from __future__ import annotations

import re
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from quant_sessions_provider.core.urns import SESSION_TYPE
from tests.support.ageing import age
from tests.support.emulator_server import Emulator
from tests.support.engine import pulumi_command
from tests.support.pages import put
from tests.support.project import Project
from tools.docs.situations import CHAT, SYSTEM
from tools.docs.terminal import terminal, wrapped
from tools.docs.text import rounded

ORGANIZATION: Final = "acme"
PAGE: Final = Path(__file__).parents[2] / "docs" / "terminal.md"
WIDTHS: Final = (80, 120)
_TALK: Final = {"messages": [SYSTEM]}
_RENEWED: Final = {"renew_before_minutes": 30}
_CHOOSE_YES: Final = "\x1b[A\r"
"""The key "up" and Enter."""
_SECONDS: Final = re.compile(r"\(\d+(?:\.\d+)?s\)")


def build(page: str) -> str:
    """Return the page with the output of new runs."""
    for columns in WIDTHS:
        question, end = up(columns)
        page = put(page, f"question at {columns}", _block(question, columns))
        page = put(page, f"end at {columns}", _block(end, columns))
    return page


def up(columns: int) -> tuple[str, str]:
    """Return what `pulumi up` shows until its question, and after `yes`."""
    with Emulator() as emulator, tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder), emulator.variables(ORGANIZATION))
        _prepare(project, emulator)
        # Without this, Pulumi asks nothing where it finds that it runs in CI.
        environment = {**project.environment(), "TERM": "xterm-256color", "PULUMI_DISABLE_CI_DETECTION": "true"}
        now = datetime.now(timezone.utc)
        with terminal([pulumi_command().command, "up", "--stack", "main"], project.folder, environment, columns) as run:
            question = run.wait_for("\n  details")
            run.press(_CHOOSE_YES)
            end = run.wait().partition("? yes\n")[2]
    return _steady(question, now), _steady(_quick(end, columns), now)


def _prepare(project: Project, emulator: Emulator) -> None:
    project.init()
    project.declare(orders=_TALK, shop=_TALK, desk=_RENEWED, nights={})
    project.ok("up", "--yes", "--skip-preview", "--stack", "main")
    emulator.append(ORGANIZATION, project.sessions()["orders"]["id"], CHAT * 2)
    age(project, emulator, {"desk": 37.5, "nights": 90})
    moved = _TALK | {"session_group": "sales"}
    project.declare(orders=moved, shop=moved, desk=_RENEWED, nights={}, support={})


def _steady(text: str, now: datetime) -> str:
    """Return a text without what differs between runs: exact times, and the order of the sessions."""
    table, mark, rest = rounded(text, now).partition("Diagnostics:\n")
    blocks, end, summary = rest.partition("\n\nResources:\n")
    return _by_name(table) + mark + "\n\n".join(sorted(blocks.split("\n\n"))) + end + summary


def _by_name(table: str) -> str:
    lines = table.split("\n")
    rows = [line.replace("└", "├") for line in lines if SESSION_TYPE in line]
    rows.sort(key=lambda row: row.partition(SESSION_TYPE)[2])
    rows[-1] = rows[-1].replace("├", "└")
    return "\n".join(rows.pop(0) if SESSION_TYPE in line else line for line in lines)


def _quick(text: str, columns: int) -> str:
    """Return the output of a run as if each operation took 0.01 seconds. What is right of that moves along."""
    title, header, table = text.partition("\n\n")[0].split("\n", 2)
    status, info = header.index("Status"), header.index("Info") if "Info" in header else columns
    rows = [(row[:status], row[status:info].rstrip(), row[info:]) for row in (header, *table.split("\n"))]
    shown = [(left, _SECONDS.sub("(0.01s)", middle), right) for left, middle, right in rows]
    wider = max(len(row[1]) for row in shown) - max(len(row[1]) for row in rows)
    lines = [
        (left + middle.ljust(info - status + wider) + right)[: columns - 1].rstrip() for left, middle, right in shown
    ]
    rest = re.sub(r"(?<=Duration: ).+", "1s", text.partition("\n\n")[2])
    return "\n".join([title, *lines]) + "\n\n" + rest


def _block(text: str, columns: int) -> str:
    below = wrapped(text.partition("Diagnostics:")[2], columns).count("\n") + 1
    return f"From `Diagnostics:` on these are {below} rows.\n\n```text\n{wrapped(text, columns)}\n```"


if __name__ == "__main__":
    PAGE.write_text(build(PAGE.read_text()))
