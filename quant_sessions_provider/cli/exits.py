"""How a command ends: 0 fine, 1 failed or a problem found, 2 wrongly called (typer's own), or given useless input."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

import typer

from quant_sessions_provider.core.errors import QuantSessionsError

UNUSABLE: Final = 2
"""Exit code for input that is not what was asked for, as for options that are wrong."""


def fail(message: str, code: int = 1) -> NoReturn:
    """End with one line on standard error."""
    typer.echo(message, err=True)
    raise typer.Exit(code)


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Let an error of ours end the command with its one line."""
    try:
        yield
    except QuantSessionsError as error:
        fail(str(error))
