"""Runs the Pulumi CLI such that a run outlives its keeper: a killed keeper must not take a begun run with it."""

from __future__ import annotations

import os
import subprocess
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Final

from pulumi.automation import CommandResult, PulumiCommand
from pulumi.automation.errors import create_command_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi.automation import OnOutput

    from quant_sessions_provider.keep.signals import Interrupts

_CHANGING: Final = "up"
"""The command that changes the stack: it is never interrupted."""


class Command(PulumiCommand):
    """The CLI in a POSIX session of its own, with its output in files.

    A Ctrl-C in the terminal does not reach it, and it does not end when nobody reads its output any more.
    """

    def __init__(self, interrupts: Interrupts, root: str | None = None) -> None:
        super().__init__(root)
        self._interrupts = interrupts

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnOutput | None = None,
        on_error: OnOutput | None = None,
    ) -> CommandResult:
        """Run a command; its output is passed on when it has ended.

        Raises:
            CommandError: it failed.

        """
        if args[:1] == ["preview"]:
            # Else it does not show a deletion that comes with a replacement.
            args = [*args, "--show-replacement-steps"]
        # The state is read once more after a run that no signal could end.
        late = args[:1] != ["stack"]
        with TemporaryFile() as out, TemporaryFile() as error:
            process = subprocess.Popen(  # noqa: S603 - no shell reads the arguments
                [self.command, *args, "--non-interactive"],
                cwd=cwd,
                env=self._environment(additional_env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=error,
                start_new_session=True,
            )
            with nullcontext() if args[:1] == [_CHANGING] else self._interrupts.interrupting(process, late=late):
                code = process.wait()
            result = CommandResult(_read(out, on_output), _read(error, on_error), code)
        if code:
            raise create_command_error(result)
        return result

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        found = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true", **more, "PULUMI_AUTOMATION_API": "true"}
        if Path(self.command).is_absolute():
            # The plugins of this CLI lie beside it.
            found["PATH"] = os.pathsep.join([str(Path(self.command).parent), found.get("PATH", "")])
        return found


def _read(file: IO[bytes], pass_on: OnOutput | None) -> str:
    file.seek(0)
    text = file.read().decode(errors="replace")
    if pass_on:
        # JSON may hold what str.splitlines takes for the end of a line.
        for line in text.removesuffix("\n").split("\n"):
            pass_on(line)
    return text
