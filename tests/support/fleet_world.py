"""A fleet with a program of its own, run by the real command in processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.core.ageing import aged
from quant_sessions_provider.core.urns import SESSION_TYPES
from quant_sessions_provider.fleet.stack import ENGINE, MARKER
from tests.support.engine import pulumi_command
from tests.support.killing import start
from tests.support.vault import KEY, vault

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from tests.support.emulator_server import Emulator
    from tests.support.killing import CliRun

ORGANIZATION: Final = "acme"
COMMAND: Final = Path(sys.prefix, "bin", "quant-sessions")
SHARDS: Final = 4
PROGRAM: Final = """\
import json
from pathlib import Path

from quant_sessions_provider import Session, fleet

for user in fleet.members(json.loads(Path("users.json").read_text())):
    Session(user, user_id=user, expiration_minutes=120, renew_before_minutes=30)
"""


class World:
    """A folder with a fleet file and a program, whose sessions lie in an emulator."""

    def __init__(  # noqa: PLR0913 - one parameter for each thing that differs
        self,
        folder: Path,
        emulator: Emulator,
        *,
        name: str = "support",
        shards: int = SHARDS,
        parallel: int | None = None,
        backend: str = "file://state",
        variables: dict[str, str] | None = None,
    ) -> None:
        self.folder, self.emulator, self.name, self.shards = folder, emulator, name, shards
        self._variables, self._started = variables or {}, count()
        self.backend = backend.replace("file://state", f"file://{folder}/state")
        self.program = folder / "program"
        self.program.mkdir(parents=True)
        options = {"toolchain": "pip", "virtualenv": sys.prefix}
        project = {"name": f"desk-{name}", "runtime": {"name": "python", "options": options}}
        (self.program / "Pulumi.yaml").write_text(json.dumps(project))
        (self.program / "__main__.py").write_text(PROGRAM)
        self.write(shards=shards, **({"parallel": parallel} if parallel else {}))

    @property
    def file(self) -> Path:
        """The fleet file."""
        return self.folder / "fleet.yaml"

    def write(self, **values: Any) -> None:  # noqa: ANN401 - any YAML
        """Write the fleet file."""
        whole = {"name": self.name, "program": "program", "backend": self.backend, "secretsProvider": KEY} | values
        self.file.write_text(json.dumps(whole))

    def declare(self, *users: str) -> None:
        """Declare a session for exactly these users."""
        (self.program / "users.json").write_text(json.dumps(users))

    def environment(self) -> dict[str, str]:
        """Return the environment of commands."""
        return {
            **os.environ,
            "PATH": f"{Path(pulumi_command().command).parent}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_CONFIG_PASSPHRASE": "acceptance",
            "PULUMI_HOME": f"{self.folder}/pulumi-home",
            "PYTHONPATH": str(Path(__file__).parents[2]),
            **vault(),
            **self.emulator.variables(ORGANIZATION),
            **self._variables,
        }

    # --- the command -------------------------------------------------------------------------------------------

    def start(self, verb: str, *options: str) -> AbstractContextManager[CliRun]:
        """Start a verb."""
        command: list[str | Path] = [COMMAND, "fleet", verb, self.file, *options]
        return start(command, self.folder, self.environment(), self.folder / f"run-{next(self._started)}.txt")

    def run(self, verb: str, *options: str) -> tuple[int, list[dict[str, Any]]]:
        """Run a verb; return its exit code and its lines."""
        done = subprocess.run(  # noqa: S603 - the command under test
            [COMMAND, "fleet", verb, self.file, "--json", *options],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        assert lines, done.stdout + done.stderr
        return done.returncode, lines

    def _pulumi(self, *arguments: str, stdin: str = "") -> str:
        """Return what a command of the CLI prints; nothing for a stack that is not there yet."""
        place = {"PULUMI_BACKEND_URL": self.backend, "PULUMI_SKIP_UPDATE_CHECK": "true", **ENGINE}
        done = subprocess.run(  # noqa: S603 - the CLI under test
            [pulumi_command().command, *arguments, "--non-interactive"],
            cwd=self.program,
            env=self.environment() | place,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0 or "no stack named" in done.stderr, done.stderr
        return done.stdout

    # --- what is there -----------------------------------------------------------------------------------------

    def users(self) -> Counter[str]:
        """Return whose sessions the API has, and how many of each."""
        return Counter(str(session["userId"]) for session in self.emulator.sessions())

    def stacks(self) -> list[str]:
        """Return the names of the shards' stacks."""
        return [f"{self.name}-{number:04}" for number in range(self.shards)]

    def state(self, stack: str) -> dict[str, Any]:
        """Return the deployment in a stack's state."""
        return dict(json.loads(self._pulumi("stack", "export", "--stack", stack) or '{"deployment": {}}')["deployment"])

    def pass_time(self, minutes: float) -> None:
        """Let so many minutes pass for all sessions, in the states and in the emulator."""
        for stack in self.stacks():
            deployment = self.state(stack)
            for each in deployment.get("resources", []):
                if each["type"] in SESSION_TYPES:
                    each.update({side: aged(each[side], timedelta(minutes=minutes)) for side in ("inputs", "outputs")})
            document = json.dumps({"version": 3, "deployment": deployment})
            self._pulumi("stack", "import", "--stack", stack, stdin=document)
        self.emulator.shift(-60 * minutes)

    def users_in_state(self) -> dict[str, list[str]]:
        """Return whose sessions the states have, by stack."""
        return {stack: sorted(each["inputs"]["userId"] for each in self.sessions_in(stack)) for stack in self.stacks()}

    def sessions_in(self, stack: str) -> list[dict[str, Any]]:
        """Return the sessions in a stack's state."""
        return [each for each in self.state(stack).get("resources", []) if each["type"] in SESSION_TYPES]

    def pending(self) -> list[Any]:
        """Return the operations that states have pending."""
        return [each for stack in self.stacks() for each in self.state(stack).get("pending_operations") or []]


def processes(emulator: Emulator) -> list[int]:
    """Return the processes of fleets' runs whose sessions lie in an emulator."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            variables, command = (entry / "environ").read_bytes(), (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if command and f"\0{MARKER}=".encode() in variables and f"={emulator.url}\0".encode() in variables:
            found.append(int(entry.name))
    return found
