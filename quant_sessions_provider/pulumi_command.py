"""Runs the Pulumi CLI in a POSIX session of its own: a Ctrl-C in the terminal does not reach it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Final

from pulumi.automation import CommandResult, PulumiCommand
from pulumi.automation.errors import CommandError, create_command_error

from quant_sessions_provider.core.text import error_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi.automation import OnOutput

_NO_REASON: Final = "pulumi printed no reason"


def reason_of(error: CommandError) -> str:
    """Return the line that says what went wrong, without the code and the output around it."""
    return error_line(str(error).partition("\n stderr: ")[2]) or _NO_REASON


class DetachedCommand(PulumiCommand):
    """The CLI in a session of its own, with its output in files: it does not end when nobody reads it any more.

    A subclass says what is run around it, with which arguments, where its standard input comes from, and how it is
    waited for.
    """

    around: Sequence[str] = ()
    """A command that runs the CLI, which follows it."""
    stdin: int = subprocess.DEVNULL

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
        with TemporaryFile() as out, TemporaryFile() as error:
            process = subprocess.Popen(  # noqa: S603 - no shell reads the arguments
                [*self.around, self.command, *self.arguments(args), "--non-interactive"],
                cwd=cwd,
                env=self._environment(additional_env),
                stdin=self.stdin,
                stdout=out,
                stderr=error,
                start_new_session=True,
            )
            code = self.wait(process, args)
            result = CommandResult(_read(out, on_output), _read(error, on_error), code)
        if code:
            raise create_command_error(result)
        return result

    def arguments(self, args: list[str]) -> list[str]:
        """Return the arguments with which a command is run."""
        return args

    def wait(self, process: subprocess.Popen[bytes], args: Sequence[str]) -> int:  # noqa: ARG002 - for subclasses
        """Wait for the end of a command; return its exit code."""
        return process.wait()

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        found = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true", **more, "PULUMI_AUTOMATION_API": "true"}
        # A preview is read as one document.
        found["PULUMI_ENABLE_STREAMING_JSON_PREVIEW"] = "false"
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
