"""Exit codes and the guard around all commands.

0 is success, 1 a failure or a problem that was found, 2 wrong usage (typer's own) or unusable input.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, NoReturn, TextIO, cast

import typer
from typer.core import TyperGroup

from quant_sessions_provider.core.errors import QuantSessionsError

if TYPE_CHECKING:
    from collections.abc import Iterator

UNUSABLE: Final = 2
"""Exit code for unusable input, as for wrong options."""
INTERRUPTED: Final = 130
"""Exit code after Ctrl-C, as in shells."""


def fail(message: str, code: int = 1) -> NoReturn:
    """Exit with one line on standard error."""
    typer.echo(message, err=True)
    raise typer.Exit(code)


class GuardedGroup(TyperGroup):
    """The commands, behind the guard."""

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - typer's own signature
        """Run a command; exit with one line where it fails for a reason that is not a bug."""
        with _guard():
            return super().main(*args, **kwargs)


@contextmanager
def _guard() -> Iterator[None]:
    _replace_closed_streams()
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except QuantSessionsError as error:
        _exit(str(error))
    except OSError as error:
        _discard_output()
        # Whoever reads a pipe may have read enough, as `head` does.
        broken = isinstance(error, BrokenPipeError)
        _exit("" if broken else f"{error.filename or 'standard output'}: {error.strerror or error}")


def _replace_closed_streams() -> None:
    """Replace closed standard streams: otherwise the next opened file would take their descriptor.

    Without a standard output there is nothing to do, so that exits.
    """
    if sys.stdin is None:
        sys.stdin = _devnull("r")
    if sys.stderr is None:
        sys.stderr = _devnull("w")
    if sys.stdout is None:
        sys.stdout = _devnull("w")
        _exit("standard output: closed")


def _devnull(mode: str) -> TextIO:
    return cast("TextIO", open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123 - open until the end


def _exit(message: str) -> NoReturn:
    if message:
        typer.echo(message, err=True)
    sys.exit(1)


def _discard_output() -> None:
    """Drop what could not be written: Python would try again at its end, and print a traceback."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
