"""``quant-sessions keep``: keeps a stack's sessions alive, unattended."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from quant_sessions_provider.cli.settings import valid_text
from quant_sessions_provider.keep.lines import as_json as as_json_line
from quant_sessions_provider.keep.lines import as_text


def keep(
    *,
    once: Annotated[bool, typer.Option("--once", help="Do what is due, print what is next, and end.")] = False,
    stack: Annotated[
        str | None,
        typer.Option(callback=valid_text, help="Stack of the project.", show_default="the selected one"),
    ] = None,
    cwd: Annotated[
        Path, typer.Option(exists=True, file_okay=False, resolve_path=True, help="Directory of the Pulumi program.")
    ] = Path(),
    every: Annotated[
        int,
        typer.Option(min=1, max=1440, help="Read the state at least every so many minutes, for what others change."),
    ] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON for each deed.")] = False,
) -> None:
    """Have Pulumi renew and recreate a stack's sessions when that is due, and nothing else."""
    # It imports Pulumi, which no other command waits for.
    from quant_sessions_provider.keep.start import keep as start  # noqa: PLC0415 - as above

    written = as_json_line if as_json else as_text
    code = start(cwd, stack, timedelta(minutes=every), lambda line: typer.echo(written(line)), once=once)
    raise typer.Exit(code)
