"""Exit codes: 0 success, 1 a failure or a problem that was found, 2 wrong usage (typer's own) or unusable input."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

import typer

from quant_sessions_provider.core.errors import QuantSessionsError

UNUSABLE: Final = 2
"""Exit code for unusable input, as for wrong options."""


def fail(message: str, code: int = 1) -> NoReturn:
    """Exit with one line on standard error."""
    typer.echo(message, err=True)
    raise typer.Exit(code)


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Exit with the one line of an error of this package."""
    try:
        yield
    except QuantSessionsError as error:
        fail(str(error))
