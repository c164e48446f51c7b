"""Runs the Pulumi CLI such that a run outlives its keeper: a killed keeper must not take a begun run with it."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.pulumi_command import DetachedCommand

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence

    from quant_sessions_provider.keep.signals import Interrupts

_CHANGING: Final = "up"
"""The command that changes the stack: it is never interrupted."""


def shown_whole(args: list[str]) -> list[str]:
    """Return a command; a preview shows also the deletion that comes with a replacement."""
    return [*args, "--show-replacement-steps"] if args[:1] == ["preview"] else args


class Command(DetachedCommand):
    """The CLI, which a signal to the keeper interrupts unless it changes the stack."""

    def __init__(self, interrupts: Interrupts, root: str | None = None) -> None:
        super().__init__(root)
        self._interrupts = interrupts

    def arguments(self, args: list[str]) -> list[str]:
        """Return the arguments with which a command is run."""
        return shown_whole(args)

    def wait(self, process: subprocess.Popen[bytes], args: Sequence[str]) -> int:
        """Wait for the end of a command; return its exit code."""
        # The state is read once more after a run that no signal could end.
        late = args[:1] != ["stack"]
        with nullcontext() if args[:1] == [_CHANGING] else self._interrupts.interrupting(process, late=late):
            return process.wait()
