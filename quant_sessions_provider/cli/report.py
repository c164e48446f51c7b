"""``quant-sessions report``: a preview as a comment for reviewers."""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated, Any

import typer

from quant_sessions_provider.cli.files import read_json, unusable
from quant_sessions_provider.cli.output import AsJson, print_json
from quant_sessions_provider.report import markdown
from quant_sessions_provider.report.preview import NoPreviewError, read


def report(
    file: Annotated[Path, typer.Argument(help="Output of `pulumi preview --json`; - for standard input.")] = Path("-"),
    *,
    fail_on_loss: Annotated[
        bool, typer.Option("--fail-on-loss", help="Exit with 1 if a conversation would be lost or the preview failed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print what a preview does to each session, as Markdown for a comment on a pull request."""
    document: Any = read_json(file)
    try:
        found = read(document, datetime.now(timezone.utc))
    except NoPreviewError as error:
        unusable(file, str(error))
    if as_json:
        print_json(markdown.as_json(found))
    else:
        # Bytes, so that neither the locale nor Windows' line endings change the comment.
        sys.stdout.buffer.write(markdown.markdown(found).encode())
    if fail_on_loss and (found.losses or found.failed):
        raise typer.Exit(1)
