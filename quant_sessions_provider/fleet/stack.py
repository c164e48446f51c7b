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
from quant_sessions_provider.fleet.model import ShardError
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
    "preview": ("preview",),
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
_BACKEND: Final = ("PULUMI_BACKEND_URL", "PULUMI_HOME", "HOME")
"""The variables that say which backend it is; a login is in a file of the home."""
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
        self.configuration = folder / f"Pulumi.{job.stack}.yaml"
        write_project(job.fleet, folder)
        rate = {} if job.rate is None else {f"{config.NAMESPACES[0]}:requestsPerSecond": f"{job.rate:.3f}"}
        place = {SHARD: str(job.shard), SHARDS: str(job.fleet.shards)}
        self.configuration.write_text(yaml.safe_dump({"config": {**job.fleet.config, **rate, **place}}))

    @property
    def marker(self) -> str:
        """The variable, with its value, that all processes of this stack's runs have."""
        variables = {**os.environ, **environment_of(self.job.fleet, self.job.environment)}
        backend = [variables.get(name, "") for name in _BACKEND]
        place = "\0".join([*backend, self.job.fleet.project, self.job.stack])
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
            self._init()
        try:
            return self._carry_out(self.job.verb)
        except StackNotFoundError:
            if not creates:
                return Done()
        self._init()
        return self._carry_out(self.job.verb)

    def refresh(self) -> Done:
        """Have the state follow the API, and drop the creations in it that are pending."""
        return self._carry_out("refresh", "--clear-pending-creates")

    def cancel(self) -> None:
        """Break the lock of the stack."""
        self._pulumi(self._folder, "cancel", "--yes", "--stack", self.job.stack)

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

    def _init(self) -> None:
        provider = self.job.fleet.secrets_provider
        # An earlier try of this run may have made it.
        with suppress(StackAlreadyExistsError):
            self._pulumi(self._folder, "stack", "init", self.job.stack, "--no-select", "--secrets-provider", provider)

    def _carry_out(self, verb: Verb, *options: str) -> Done:
        log = self._folder / "events.json"
        log.unlink(missing_ok=True)
        flags = ("--json",) if verb == "preview" else _QUIET
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

    def _pulumi(self, folder: Path, *arguments: str, on_output: OnOutput | None = None) -> CommandResult:
        try:
            return self.command.run([*arguments], str(folder), self.variables, on_output)
        except ConcurrentUpdateError as error:
            raise LockedError(reason_of(error), locks_in(str(error))) from None
