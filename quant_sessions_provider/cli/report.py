"""``quant-sessions report``: a preview as a comment for reviewers."""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quant_sessions_provider.cli.files import read_json, unusable
from quant_sessions_provider.cli.output import AsJson, print_json
from quant_sessions_provider.report import markdown
from quant_sessions_provider.report.merge import merged
from quant_sessions_provider.report.preview import NoPreviewError, read

if TYPE_CHECKING:
    from quant_sessions_provider.report.model import Report


def report(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE]...",
            help="Output of `pulumi preview --json`, of one stack or of several; - for standard input.",
            show_default="-",
        ),
    ] = None,
    *,
    fail_on_loss: Annotated[
        bool, typer.Option("--fail-on-loss", help="Exit with 1 if a conversation would be lost or the preview failed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print what a preview does to each session, as Markdown for a comment on a pull request."""
    found = merged([_read(file) for file in files or [Path("-")]])
    if as_json:
        print_json(markdown.as_json(found))
    else:
        # Bytes, so that neither the locale nor Windows' line endings change the comment.
        sys.stdout.buffer.write(markdown.markdown(found).encode())
    if fail_on_loss and (found.losses or found.failed):
        raise typer.Exit(1)


def _read(file: Path) -> Report:
    document: Any = read_json(file)
    try:
        return read(document, datetime.now(timezone.utc))
    except NoPreviewError as error:
        unusable(file, str(error))
