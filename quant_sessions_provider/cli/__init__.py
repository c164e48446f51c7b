"""``quant-sessions``, one module per command. This one starts it, and imports nothing that needs the extra."""

from __future__ import annotations

import sys
from typing import Final

_PACKAGES: Final = ("cronsim", "rich", "typer")
"""What the extra ``cli`` adds: a program that declares sessions needs none of it."""


def main() -> None:
    """Run the command line; without the extra, exit with 1 and one line that says what to install."""
    try:
        from quant_sessions_provider.cli.app import app  # noqa: PLC0415 - needs the extra
    except ModuleNotFoundError as error:
        if error.name not in _PACKAGES:
            raise
        sys.exit("quant-sessions needs the extra 'cli': pip install 'quant-sessions-provider[cli]'")
    app()
