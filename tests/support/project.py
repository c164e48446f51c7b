"""A project in a folder, for runs of the real CLI as processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.core.urns import SESSION_TYPES
from tests.support.engine import pulumi_command, read_state, write_state
from tests.support.killing import start
from tests.support.project_plugin import PLUGIN
from tests.support.vault import KEY, vault

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from tests.support.killing import CliRun

PROGRAM: Final = """\
import json
from pathlib import Path

from quant_sessions_provider import Session

for name, declared in json.loads(Path("declared.json").read_text()).items():
    Session(name, user_id=name, **declared)
"""


class Project:
    """A folder with a program that declares the sessions in a file beside it. A session's user is its name.

    ``variables`` configure the provider. ``program`` replaces the default program. ``plugin``: the provider's own
    plugin can be found. ``name`` is the project's.
    """

    def __init__(
        self,
        folder: Path,
        variables: dict[str, str],
        program: str = PROGRAM,
        *,
        plugin: bool = False,
        name: str = "acceptance",
    ) -> None:
        self.folder, self.variables, self.name = folder, variables, name
        self.declared: dict[str, dict[str, Any]] = {}
        options = {"toolchain": "pip", "virtualenv": sys.prefix}
        settings: dict[str, Any] = {"name": name, "runtime": {"name": "python", "options": options}}
        if plugin:
            settings |= PLUGIN
        (folder / "Pulumi.yaml").write_text(json.dumps(settings))  # JSON is YAML
        (folder / "__main__.py").write_text(program)
        (folder / "backend").mkdir()

    def init(self, stack: str = "main") -> None:
        """Create an empty stack and select it."""
        self.ok("stack", "init", stack, "--secrets-provider", KEY)

    def declare(self, **sessions: dict[str, Any]) -> None:
        """Declare exactly these sessions."""
        self.declared = sessions
        (self.folder / "declared.json").write_text(json.dumps(sessions))

    def cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the CLI, and wait for it."""
        return subprocess.run(  # noqa: S603 - the CLI under test
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(),
            check=False,
            capture_output=True,
            text=True,
        )

    def ok(self, *arguments: str) -> str:
        """Run a command that must succeed. Return its standard output."""
        done = self.cli(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, *arguments: str) -> AbstractContextManager[CliRun]:
        """Start a command, to be interrupted or killed."""
        return start(self.command(*arguments), self.folder, self.environment(), self.folder / "output.txt")

    def command(self, *arguments: str) -> list[str]:
        """Return the complete command line."""
        return [pulumi_command().command, *arguments, "--non-interactive", "--color", "never"]

    def environment(self) -> dict[str, str]:
        """Return the environment of the CLI."""
        return {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{self.folder}/backend",
            "PULUMI_CONFIG_PASSPHRASE": "acceptance",
            "PULUMI_HOME": f"{self.folder}/pulumi-home",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PYTHONPATH": str(Path(__file__).parents[2]),
            **vault(),
            **self.variables,
        }

    def export(self, stack: str = "main") -> dict[str, Any]:
        """Return a stack's state on disk, without starting the CLI. Secrets stay encrypted."""
        return read_state(self._file(stack))

    def state_bytes(self, stack: str = "main") -> int:
        """Return the size of a stack's state on disk, compressed or not, without Pulumi's backups."""
        found = self._file(stack).parent.glob(f"{stack}.json*")
        return sum(file.stat().st_size for file in found if file.suffix not in (".bak", ".attrs"))

    def rewrite(self, deployment: dict[str, Any], stack: str = "main") -> None:
        """Replace a stack's state on disk."""
        write_state(self._file(stack), deployment)

    def _file(self, stack: str) -> Path:
        return self.folder / "backend" / ".pulumi" / "stacks" / self.name / f"{stack}.json"

    def sessions(self, stack: str = "main") -> dict[str, dict[str, Any]]:
        """Return the sessions in a stack's state, by name. Names must be unique."""
        found = [r for r in self.export(stack).get("resources", []) if r["type"] in SESSION_TYPES]
        by_name = {r["urn"].rsplit("::", 1)[-1]: r for r in found}
        assert len(by_name) == len(found), found
        return by_name
