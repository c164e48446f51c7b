"""The stack of one shard, as the Pulumi CLI sees it."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml
from pulumi.automation.errors import (
    CommandError,
    ConcurrentUpdateError,
    StackAlreadyExistsError,
    StackNotFoundError,
)

from quant_sessions_provider.core import settings as config
from quant_sessions_provider.core import timestamps
from quant_sessions_provider.fleet.command import SupervisedCommand
from quant_sessions_provider.fleet.events import Ran, read_events
from quant_sessions_provider.fleet.locks import locks_in
from quant_sessions_provider.fleet.model import INTERRUPTED, Never, ShardError
from quant_sessions_provider.fleet.program import SHARD, SHARDS
from quant_sessions_provider.keep.engine import MESSAGE
from quant_sessions_provider.pulumi_command import reason_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi.automation import CommandResult, OnOutput

    from quant_sessions_provider.core.settings import Settings
    from quant_sessions_provider.fleet.definition import Definition
    from quant_sessions_provider.fleet.locks import Lock
    from quant_sessions_provider.fleet.model import Job, Stop, Verb

_VERBS: Final[dict[Verb, tuple[str, ...]]] = {
    "up": ("up", "--yes", "--skip-preview"),
    # It shows also the deletion of what an earlier replacement has left.
    "preview": ("preview", "--json", "--show-replacement-steps"),
    "refresh": ("refresh", "--yes", "--skip-preview"),
    "destroy": ("destroy", "--yes", "--skip-preview"),
}
_KINDS: Final[dict[Verb, str]] = {"up": "update", "preview": "update", "refresh": "refresh", "destroy": "destroy"}
"""What histories call runs; previews are in none."""
_QUIET: Final = ("--color", "never", "--suppress-outputs", "--suppress-progress")
ENGINE: Final = {
    # The whole state is written before and after each step, and is mostly the same text again and again.
    "PULUMI_DIY_BACKEND_ZSTD": "true",
    "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
    # Listing hangs otherwise.
    "PULUMI_DIY_BACKEND_PARALLEL": "1",
    # The configuration of a shard is written anew for each run, without the key of the stack's secrets.
    "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
    "PULUMI_DEBUG_COMMANDS": "true",  # for --event-log
}
MARKER: Final = "QUANT_SESSIONS_FLEET_STACK"
"""The variable that says of which stack a process is."""
_IN_HOME: Final = "file://~"
_PASSWORD: Final = re.compile(r'(://[^/\s:@]*:)[^\s/]*(?=@)|([?&]password=)[^\s&"]*')
_ROUNDED: Final = timedelta(seconds=1)
"""Histories have whole seconds."""


def without_password(text: str) -> str:
    """Return a text without the password in the address of a backend, which Pulumi repeats where it cannot reach it."""
    return _PASSWORD.sub(r"\1\2***", text)


class LockedError(Exception):
    """Others hold the lock of a stack."""

    def __init__(self, text: str, locks: list[Lock]) -> None:
        super().__init__(text)
        self.locks = locks


@dataclass(frozen=True)
class Done:
    """What came of a verb; ``error`` is empty if it succeeded."""

    ran: Ran = field(default_factory=Ran)
    error: str = ""
    document: str = ""


def environment_of(fleet: Definition, more: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a fleet's commands, beside those of this process."""
    backend = {"PULUMI_BACKEND_URL": fleet.backend} if fleet.backend else {}
    return {**ENGINE, **backend, **more}


def _backend_in(variables: Mapping[str, str]) -> list[str]:
    """Return what says which backend it is; a login is in a file of the home."""
    url = variables.get("PULUMI_BACKEND_URL", "")
    homes = () if url and not url.startswith(_IN_HOME) else ("PULUMI_HOME", "HOME")
    return [url, *(variables.get(name, "") for name in homes)]


def write_project(fleet: Definition, folder: Path) -> None:
    """Make a folder a project of the fleet's name, for commands that need no program."""
    (folder / "Pulumi.yaml").write_text(json.dumps({"name": fleet.project, "runtime": "yaml"}), encoding="utf-8")


class ShardStack:
    """One shard's stack; its configuration lies in ``folder``, which is nobody else's."""

    def __init__(self, job: Job, folder: Path, settings: Settings, stop: Stop) -> None:
        self.job, self._folder, self.stop = job, folder, stop
        # Each session in flight may take several calls.
        self.grace = 2 * settings.timeout_seconds + 10
        self.command = SupervisedCommand.make(stop, self.grace)
        # Interrupted, it leaves a lock without a stack, which `pulumi cancel` cannot break.
        self._uninterrupted = SupervisedCommand.make(Never(), self.grace, interrupts=False)
        self.configuration = folder / f"Pulumi.{job.stack}.yaml"
        write_project(job.fleet, folder)
        rate = {} if job.rate is None else {f"{config.NAMESPACES[0]}:requestsPerSecond": f"{job.rate:.9g}"}
        place = {SHARD: str(job.shard), SHARDS: str(job.fleet.shards)}
        self.configuration.write_text(yaml.safe_dump({"config": {**job.fleet.config, **rate, **place}}))

    @property
    def marker(self) -> str:
        """The variable, with its value, that all processes of this stack's runs have."""
        variables = {**os.environ, **environment_of(self.job.fleet, self.job.environment)}
        place = "\0".join([*_backend_in(variables), self.job.fleet.project, self.job.stack])
        return f"{MARKER}={blake2b(place.encode(), digest_size=16).hexdigest()}"

    @property
    def variables(self) -> dict[str, str]:
        """The variables of its commands, beside those of this process."""
        name, _, value = self.marker.partition("=")
        return environment_of(self.job.fleet, self.job.environment) | {name: value}

    def run(self) -> Done:
        """Carry out the job's verb; a stack that is not there yet is created, where there is something to do for it.

        Raises:
            LockedError: others hold its lock.
            ShardError: Pulumi could not begin.

        """
        creates = self.job.verb not in ("refresh", "destroy")
        if creates and self.job.is_new:
            return self._first()
        try:
            return self._carry_out(self.job.verb)
        except StackNotFoundError:
            return self._first() if creates else Done()

    def refresh(self) -> Done:
        """Have the state follow the API, and drop the creations in it that are pending."""
        return self._carry_out("refresh", "--clear-pending-creates")

    def cancel(self) -> bool:
        """Break the lock of the stack; return whether Pulumi can, which it cannot where the creation was killed."""
        with suppress(StackNotFoundError):
            self._pulumi(self._folder, "cancel", "--yes", "--stack", self.job.stack)
            return True
        return False

    def export(self) -> Any:  # noqa: ANN401 - any JSON
        """Return the state of the stack; its secrets stay encrypted."""
        return json.loads(self._pulumi(self._folder, "stack", "export", "--stack", self.job.stack).stdout)

    def is_unfinished(self) -> bool:
        """Return whether its last run was not this verb's whole, or did not succeed.

        A run that was killed before it changed anything is not seen.
        """
        try:
            deployment = self.export()["deployment"]
        except StackNotFoundError:
            return True
        command = ("stack", "history", "--json", "--page", "1", "--page-size", "1", "--stack", self.job.stack)
        last = next(iter(json.loads(self._pulumi(self._folder, *command).stdout)), None)
        if last is None or last["result"] != "succeeded" or deployment.get("pending_operations"):
            return True
        # A keeper updates what is due alone.
        if last["kind"] != _KINDS.get(self.job.verb) or last.get("message") == MESSAGE:
            return True
        return timestamps.parse(deployment["manifest"]["time"]) > timestamps.parse(last["endTime"]) + _ROUNDED

    # --- commands ----------------------------------------------------------------------------------------------

    def _first(self) -> Done:
        """Create the stack, and carry out the job's verb."""
        self._init()
        return Done(error=INTERRUPTED) if self.stop.asked() else self._carry_out(self.job.verb)

    def _init(self) -> None:
        provider = self.job.fleet.secrets_provider
        command = ("stack", "init", self.job.stack, "--no-select", "--secrets-provider", provider)
        # An earlier try of this run may have made it.
        with suppress(StackAlreadyExistsError):
            self._pulumi(self._folder, *command, by=self._uninterrupted)

    def _carry_out(self, verb: Verb, *options: str) -> Done:
        log = self._folder / "events.json"
        log.unlink(missing_ok=True)
        flags = () if verb == "preview" else _QUIET
        files = ("--config-file", str(self.configuration), "--event-log", str(log), "--stack", self.job.stack)
        error, printed = "", list[str]()
        try:
            program = Path(self.job.fleet.program)
            self._pulumi(program, *_VERBS[verb], *options, *flags, *files, on_output=printed.append)
        except StackNotFoundError:
            raise
        except CommandError as failed:
            error = without_password(reason_of(failed))
        ran = read_events(log.read_text(encoding="utf-8").splitlines()) if log.exists() else Ran()
        if error and not ran.began and not self.stop.asked():
            raise ShardError(error)
        first = next(iter(ran.errors), error) if error else ""
        return Done(ran, first, "\n".join(printed) if verb == "preview" else "")

    def _pulumi(
        self,
        folder: Path,
        *arguments: str,
        on_output: OnOutput | None = None,
        by: SupervisedCommand | None = None,
    ) -> CommandResult:
        try:
            return (by or self.command).run([*arguments], str(folder), self.variables, on_output)
        except ConcurrentUpdateError as error:
            # An address of a lock may have the backend's password.
            raise LockedError(without_password(reason_of(error)), locks_in(without_password(str(error)))) from None
