"""A project whose sessions are kept by the real command, in processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from datetime import datetime, timezone
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

from quant_sessions_provider.core.urns import name_of
from quant_sessions_provider.timeline.next_event import next_events
from quant_sessions_provider.timeline.state import read_sessions
from tests.support.ageing import age
from tests.support.engine import pulumi_command
from tests.support.killing import start, wait_until
from tests.support.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from tests.support.emulator_server import Emulator
    from tests.support.killing import CliRun

ORGANIZATION: Final = "acme"
PROGRAM: Final = """\
import json
from pathlib import Path

import pulumi

from quant_sessions_provider import Session, native

made = {}
for name, declared in json.loads(Path("declared.json").read_text()).items():
    kind = native.Session if declared.pop("native", False) else Session
    made[name] = kind(name, **({"user_id": name} | declared))
pulumi.export("ids", {name: session.id for name, session in made.items()})
"""
COMMAND: Final = Path(sys.prefix, "bin", "quant-sessions")


class KeptProject(Project):
    """A stack of sessions of both hosts in an emulator; each holds a message that nobody declared."""

    def __init__(self, folder: Path, emulator: Emulator, sessions: dict[str, dict[str, Any]]) -> None:
        super().__init__(folder, emulator.variables(ORGANIZATION), PROGRAM, plugin=True)
        self.emulator, self._started = emulator, count()
        self.declare(**sessions)
        self.init()
        self.ok("up", "--yes", "--skip-preview")
        for name in sessions:
            self.talk(name)
        emulator.clear()

    def environment(self) -> dict[str, str]:
        """Return the environment, in which the CLI is on PATH."""
        found = super().environment()
        return found | {"PATH": f"{Path(pulumi_command().command).parent}{os.pathsep}{found['PATH']}"}

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Give this process the project's environment."""
        with patch.dict(os.environ, self.environment()):
            yield

    def talk(self, name: str) -> None:
        """Append a message without a request."""
        self.emulator.append(ORGANIZATION, self.ids()[name], [{"role": "user", "content": "Are you there?"}])

    def pass_time(self, minutes: float) -> None:
        """Let so many minutes pass for all sessions."""
        age(self, self.emulator, dict.fromkeys(self.ids(), minutes))

    def ids(self) -> dict[str, str]:
        """Return the ids of the sessions in state, by name."""
        return {name: str(resource["id"]) for name, resource in self.sessions().items()}

    def alive(self, name: str) -> bool:
        """Return whether the API has a session."""
        return bool(self.emulator.api("GET", ORGANIZATION, f"/{self.ids()[name]}").ok)

    @property
    def locked(self) -> bool:
        """Whether a run holds the lock of the stack."""
        return any((self.folder / "backend").glob("**/locks/**/*.json"))

    def due(self) -> dict[str, str]:
        """Return what a run has to do now, by name: paper says so."""
        sessions, _ = read_sessions({"deployment": self.export()})
        now = datetime.now(timezone.utc)
        events = next_events(sessions, now).items()
        return {name_of(urn): event.kind for urn, event in events if event.at <= now}

    def done_since(self, before: dict[str, str]) -> dict[str, list[str]]:
        """Return by name what runs did to the sessions that had these ids, and forget the requests.

        A run that outlived its keeper ends first.
        """
        wait_until(lambda: not self.locked)
        requests, after = self.emulator.requests(clear=True), self.ids()
        extended = Counter(r["path"].split("/")[-2] for r in requests if r["path"].endswith("/extend") and r["effect"])
        deeds = {
            name: ["renewed"] * extended[one] + ["recreated"] * (after[name] != one) for name, one in before.items()
        }
        created = [r for r in requests if r["method"] == "POST" and r["effect"]]
        assert len(created) == sum(deed.count("recreated") for deed in deeds.values()), created
        return {name: deed for name, deed in deeds.items() if deed}

    # --- the command -------------------------------------------------------------------------------------------

    def keep(self, *options: str) -> AbstractContextManager[CliRun]:
        """Start a keeper."""
        command: list[str | Path] = [COMMAND, "keep", "--json", "--stack", "main", *options]
        return start(command, self.folder, self.environment(), self.folder / f"keep-{next(self._started)}.txt")

    def once(self, *options: str) -> tuple[int, list[dict[str, Any]]]:
        """Run ``keep --once``; return its exit code and its lines."""
        done = subprocess.run(  # noqa: S603 - the command under test
            [COMMAND, "keep", "--once", "--json", "--cwd", str(self.folder), "--stack", "main", *options],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert not done.stderr, done.stderr
        return done.returncode, lines_of(done.stdout)


def lines_of(text: str) -> list[dict[str, Any]]:
    """Return the lines of a keeper."""
    return [json.loads(line) for line in text.splitlines()]


def deeds_in(lines: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Return by session what lines say was done."""
    found: dict[str, list[str]] = {}
    for line in lines:
        if line["kind"] in ("renewed", "recreated"):
            found.setdefault(line["session"], []).append(line["kind"])
    return found
