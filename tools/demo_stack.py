"""A stack of the demo, with its state, passphrase and configuration in a folder that git ignores."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.demo_emulator import DemoError, is_alive
from tools.environment import ENGINE, without

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / ".demo"
PROJECT = "quant-sessions-quickstart"
_SESSIONS = ("pulumi-python:dynamic/quant:Session", "quant-sessions:index:Session")


class Stack:
    """The stack `name` of the project at the root, with its own backend in `folder`."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self._state = folder / "state"
        self._config = folder / f"Pulumi.{name}.yaml"
        self._passphrase = folder / "passphrase"

    def sessions(self) -> list[dict[str, Any]]:
        """Return the sessions in the state, without running the engine."""
        file = self._state / ".pulumi" / "stacks" / PROJECT / f"{self.name}.json"
        if not file.exists():
            return []
        latest = json.loads(file.read_text())["checkpoint"]["latest"] or {}
        return [item for item in latest.get("resources") or [] if item["type"] in _SESSIONS]

    def environment(self, environ: Mapping[str, str], cli: Path) -> dict[str, str]:
        """Return the engine's environment, without the caller's own engine settings."""
        loopback = ",".join(filter(None, [environ.get("NO_PROXY") or environ.get("no_proxy"), "127.0.0.1"]))
        return {
            **without(environ, ENGINE),
            "PATH": os.pathsep.join([str(cli), environ.get("PATH", os.defpath)]),
            "NO_PROXY": loopback,
            "no_proxy": loopback,
            "PULUMI_BACKEND_URL": f"file://{self._state}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self._passphrase),
            "PULUMI_HOME": str(DEMO / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def prepare(self, env: Mapping[str, str]) -> None:
        """Create the stack if there is none.

        `stack init` writes the salt beside Pulumi.yaml: a copy of that file keeps the root clean.
        """
        if self._config.exists():
            return
        shutil.rmtree(self._state, ignore_errors=True)
        self._state.mkdir(parents=True)
        self._write_passphrase()
        shutil.copy(ROOT / "Pulumi.yaml", self.folder)
        made = subprocess.run(
            ["pulumi", "-C", str(self.folder), "stack", "init", self.name, "--non-interactive"],
            env=env,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        if made.returncode != 0:
            self._config.unlink(missing_ok=True)
            raise DemoError(f"The stack {self.name} cannot be created: {made.stderr.strip()}")
        with self._config.open("a") as config:
            config.write(f"config:\n  {PROJECT}:group: support-{self.name}\n")

    def _write_passphrase(self) -> None:
        self._passphrase.unlink(missing_ok=True)
        self._passphrase.touch(mode=0o600)
        self._passphrase.write_text(secrets.token_urlsafe(32))

    def run(self, env: Mapping[str, str], *arguments: str) -> int:
        """Run the engine on this stack, in the user's terminal. Return its exit code."""
        self._drop_dead_locks()
        options = ["--stack", self.name, "--config-file", str(self._config)]
        return wait(["pulumi", *arguments, *options], env)

    def destroy(self, env: Mapping[str, str]) -> int:
        """Destroy all resources. Return the engine's exit code."""
        # --remove also deletes Pulumi.<stack>.yaml at the root, which only the user can have created.
        remove = [] if (ROOT / self._config.name).exists() else ["--remove"]
        return self.run(env, "destroy", "--yes", "--skip-preview", *remove)

    def forget(self) -> None:
        """Remove the stack's folder."""
        shutil.rmtree(self.folder)

    def outputs(self, env: Mapping[str, str]) -> dict[str, Any]:
        """Return the stack's outputs, empty if they cannot be read."""
        result = self._captured(env, "stack", "output", "--json")
        return dict(json.loads(result.stdout)) if result.returncode == 0 else {}

    def preview_document(self, env: Mapping[str, str]) -> object:
        """Return what `pulumi preview --json` prints, None if it fails."""
        result = self._captured(env, "preview", "--json", "--config-file", str(self._config))
        return json.loads(result.stdout) if result.returncode == 0 else None

    def _captured(self, env: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["pulumi", *arguments, "--stack", self.name]
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, encoding="utf-8", check=False)

    def _drop_dead_locks(self) -> None:
        """Remove the locks of killed engines. The demo's own lock excludes running ones."""
        for lock in self._state.glob(".pulumi/locks/**/*.json"):
            if not is_alive(json.loads(lock.read_text())["pid"]):
                lock.unlink()


def wait(command: Sequence[str], env: Mapping[str, str]) -> int:
    """Run a command at the root. Return its exit code.

    Ctrl-C reaches the command itself, which then finishes what is in flight.
    """
    with subprocess.Popen(command, cwd=ROOT, env=env) as child:
        while child.poll() is None:
            with suppress(KeyboardInterrupt):
                child.wait()
    return child.returncode
