"""A small project on an emulator, for the tour and for the check of installations: its program, stack and commands."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tools.environment import CREDENTIALS, ENGINE, with_bytecode, without

if TYPE_CHECKING:
    from collections.abc import Mapping

STACK = "tour"
_GRACE_SECONDS = 20
_PROGRAM = """\
from quant_sessions_provider import Session

Session(
    "desk",
    user_id="{user}",
    expiration_minutes=60,
    renew_before_minutes=20,
    messages=[{{"role": "system", "content": "You are the support desk of a shop."}}],
)
"""


class CommandFailedError(Exception):
    """A command failed. The message is what it printed."""


class SampleProject:
    """A project in a folder of its own.

    ``variables`` configure the provider, ``cli`` is the folder of Pulumi's CLI, and ``packages`` the virtual
    environment of its programs: this one, if none is given.
    """

    def __init__(
        self, folder: Path, variables: Mapping[str, str], cli: Path, packages: Path = Path(sys.prefix)
    ) -> None:
        self._folder = folder
        self._environment = _environment(folder, variables, [cli, packages / "bin"])
        (folder / "backend").mkdir()
        (folder / "temporary").mkdir()
        runtime = {"name": "python", "options": {"toolchain": "pip", "virtualenv": str(packages)}}
        settings = {"name": STACK, "runtime": runtime}
        (folder / "Pulumi.yaml").write_text(json.dumps(settings))  # JSON is YAML
        self.output("pulumi", "stack", "init", STACK, "--non-interactive")

    def declare(self, user: str) -> str:
        """Declare the session for a user; return the program."""
        program = _PROGRAM.format(user=user)
        (self._folder / "__main__.py").write_text(program)
        return program

    def output(self, *command: str) -> str:
        """Run a command, and return what it printed. Ctrl-C ends it before it ends its caller.

        Raises:
            CommandFailedError: it failed.

        """
        # Ctrl-C reaches the command once, from here: a second one would make Pulumi drop what is in flight.
        with subprocess.Popen(
            command,
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            start_new_session=True,
        ) as child:
            try:
                printed, _ = child.communicate()
            except KeyboardInterrupt:
                _interrupt(child)
                raise
        if child.returncode:
            raise CommandFailedError(f"{' '.join(command)}\n{printed}")
        return printed


def _interrupt(child: subprocess.Popen[str]) -> None:
    child.send_signal(signal.SIGINT)
    with suppress(KeyboardInterrupt, subprocess.TimeoutExpired):
        child.communicate(timeout=_GRACE_SECONDS)
    # What it started may outlive it, and still write into the folder that is removed next.
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _environment(folder: Path, variables: Mapping[str, str], programs: list[Path]) -> dict[str, str]:
    loopback = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1")
    return {
        **with_bytecode(without(os.environ, CREDENTIALS, ENGINE, "PYTHONPATH")),
        **variables,
        **loopback,
        "PATH": os.pathsep.join([*map(str, programs), os.environ.get("PATH", os.defpath)]),
        "PULUMI_BACKEND_URL": f"file://{folder}/backend",
        "PULUMI_CONFIG_PASSPHRASE": STACK,
        "PULUMI_HOME": f"{folder}/pulumi-home",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "TMPDIR": f"{folder}/temporary",
    }
