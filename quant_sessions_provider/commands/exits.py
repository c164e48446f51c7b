"""How a command ends: 0 fine, 1 failed or a problem found, 2 wrongly called (typer's own)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from quant_sessions_provider.errors import QuantSessionsError


def fail(message: str) -> NoReturn:
    """End with one line on standard error and exit code 1."""
    typer.echo(message, err=True)
    raise typer.Exit(1)


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Let an error of ours end the command with its one line."""
    try:
        yield
    except QuantSessionsError as error:
        fail(str(error))
