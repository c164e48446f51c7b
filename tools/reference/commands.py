"""``docs/reference/commands.md``, as typer documents the commands of ``quant-sessions``."""

from __future__ import annotations

import html
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tools.reference.tables import MADE

_NAME: Final = "quant-sessions"
_HEAD: Final = f"""{MADE}
# Commands

Every command of `{_NAME}` with its options. What a command is for, and its exit codes, are in
[the command line](../command-line.md). `-h` is `--help`.
"""
_COMMAND: Final = re.compile(r"^\* `([\w-]+)`: .*$", re.MULTILINE)


def commands() -> str:
    """Return the page."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "page.md")
        app = "quant_sessions_provider.cli.app"
        command = [sys.executable, "-m", "typer", app, "utils", "docs", "--name", _NAME, "--output", str(file)]
        subprocess.run(command, check=True, capture_output=True)
        text = html.unescape(file.read_text(encoding="utf-8"))
    _, *sections = re.split(r"^##+ ", text, flags=re.MULTILINE)
    return _HEAD + "".join(f"\n## {_linked(section).strip()}\n" for section in sections)


def _linked(section: str) -> str:
    """Return a section in whose list of commands each is a link to its own, in place of its text cut short."""
    name = section.splitlines()[0].strip("`")
    anchor = name.replace(" ", "-")
    before, mark, listed = section.partition("**Commands**:")
    return before + mark + _COMMAND.sub(rf"* [`{name} \1`](#{anchor}-\1)", listed)
