"""``quant-sessions report``: a preview as a comment for reviewers."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated, Any

import typer

from quant_sessions_provider import report as reports
from quant_sessions_provider import report_text
from quant_sessions_provider.commands.files import read_json, unusable


def report(
    file: Annotated[Path, typer.Argument(help="Output of `pulumi preview --json`; - reads standard input.")] = Path(
        "-"
    ),
    *,
    fail_on_loss: Annotated[
        bool, typer.Option("--fail-on-loss", help="Exit with 1 if a conversation is lost, or the preview failed.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON instead of Markdown.")] = False,
) -> None:
    """Write the Markdown that a reviewer wants to find on a pull request: what a preview does to each session."""
    document: Any = read_json(file)
    try:
        found = reports.read(document, datetime.now(timezone.utc))
    except reports.NoPreviewError as error:
        unusable(file, str(error))
    text = json.dumps(report_text.as_json(found), indent=2) + "\n" if as_json else report_text.markdown(found)
    # Bytes, so that neither the locale nor Windows' line ends change what a comment is to hold.
    sys.stdout.buffer.write(text.encode())
    if fail_on_loss and (found.losses or found.failed):
        raise typer.Exit(1)
