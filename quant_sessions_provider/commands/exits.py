"""How a command ends: 0 fine, 1 failed or a problem found, 2 wrongly called (typer's own)."""

from typing import NoReturn

import typer


def fail(message: str) -> NoReturn:
    """End with one line on standard error and exit code 1."""
    typer.echo(message, err=True)
    raise typer.Exit(1)
