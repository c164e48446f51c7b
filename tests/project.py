"""A program on disk, run by the CLI, as people have it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.engine import pulumi_command

if TYPE_CHECKING:
    from tests.emulator_server import Emulator

ORGANIZATION = "acme"
PROGRAM = """\
import json
from pathlib import Path

from quant_sessions_provider import Session

for name, declared in json.loads(Path("declared.json").read_text()).items():
    Session(name, user_id=name, **declared)
"""


class Project:
    """A folder with a program whose sessions are declared by a file beside it."""

    def __init__(self, folder: Path, emulator: Emulator, program: str = PROGRAM) -> None:
        self.folder, self.emulator = folder, emulator
        self.declared: dict[str, dict[str, Any]] = {}
        options = {"toolchain": "pip", "virtualenv": sys.prefix}
        settings = {"name": "acceptance", "runtime": {"name": "python", "options": options}}
        (folder / "Pulumi.yaml").write_text(json.dumps(settings))  # JSON is YAML
        (folder / "__main__.py").write_text(program)
        (folder / "backend").mkdir()

    def declare(self, **sessions: dict[str, Any]) -> None:
        self.declared = sessions
        (self.folder / "declared.json").write_text(json.dumps(sessions))

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a run needs."""
        return {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{self.folder}/backend",
            "PULUMI_CONFIG_PASSPHRASE": "acceptance",
            "PULUMI_HOME": f"{self.folder}/pulumi-home",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "QUANTCDN_API_TOKEN": self.emulator.token,
            "QUANTCDN_BASE_URL": self.emulator.url,
            "QUANTCDN_ORGANIZATION": ORGANIZATION,
        }

    def cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [pulumi_command().command, *arguments, "--non-interactive", "--color", "never"]
        return subprocess.run(  # noqa: S603 - the CLI under test
            command, cwd=self.folder, env=self.environment, check=False, capture_output=True, text=True
        )

    def ok(self, *arguments: str) -> str:
        done = self.cli(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def urns(self, stack: str) -> dict[str, str]:
        resources = json.loads(self.ok("stack", "export", "--stack", stack))["deployment"]["resources"]
        return {r["urn"].rsplit("::", 1)[-1]: r["urn"] for r in resources if "quant:Session" in r["type"]}

    @property
    def _file(self) -> Path:
        return self.folder / "backend" / ".pulumi" / "stacks" / "acceptance" / "main.json"

    def export(self) -> dict[str, Any]:
        """Read the state of the stack `main` as it lies on disk, which costs no start of the CLI."""
        return dict(json.loads(self._file.read_text())["checkpoint"]["latest"])

    def rewrite(self, deployment: dict[str, Any]) -> None:
        """Put a changed export back on disk."""
        whole = json.loads(self._file.read_text())
        whole["checkpoint"]["latest"] = deployment
        self._file.write_text(json.dumps(whole))
