"""Has the backend record how many shards a fleet has: with another number, users would move to other stacks.

An empty stack with the fleet's name has it as a tag. This is also the one command before all others: the first
connections to an empty Postgres database would race to create its table.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from pulumi.automation.errors import CommandError, StackNotFoundError

from quant_sessions_provider.core.errors import ConfigurationError
from quant_sessions_provider.fleet.command import SupervisedCommand
from quant_sessions_provider.fleet.model import Never
from quant_sessions_provider.fleet.program import SHARDS
from quant_sessions_provider.fleet.stack import environment_of, without_password, write_project
from quant_sessions_provider.pulumi_command import reason_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quant_sessions_provider.fleet.definition import Definition

_TRIES: Final = 3
"""Others may begin at the same time."""
_PAUSE: Final = 1.0
_GRACE: Final = 10
_NO_TAG: Final = "not found for stack"
_FILES: Final = "file://"


def require_same_shards(fleet: Definition, environment: Mapping[str, str]) -> bool:
    """Record the number of shards, or compare it with the recorded one; return whether the fleet is new.

    Raises:
        ConfigurationError: the fleet has another number of shards, or the backend cannot be used.

    """
    recorded, is_new = _recorded(fleet, environment)
    if recorded != str(fleet.shards):
        raise ConfigurationError(
            f"shards: {fleet.shards} was {recorded} when fleet {fleet.name} first ran, and never changes: users would"
            " move to other stacks, and lose their sessions for new ones. Set it back, or give the fleet a new name"
        )
    return is_new


def _recorded(fleet: Definition, environment: Mapping[str, str]) -> tuple[str, bool]:
    if fleet.backend and fleet.backend.startswith(_FILES):
        Path(fleet.backend.removeprefix(_FILES).partition("?")[0]).expanduser().mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="quant-sessions-fleet-") as folder:
        record = _Record(fleet, environment, Path(folder))
        for _ in range(_TRIES - 1):
            with suppress(CommandError):
                return record.read()
            time.sleep(_PAUSE)
        try:
            return record.read(last=True)
        except CommandError as error:
            raise ConfigurationError(
                f"the fleet's state cannot be used: {without_password(reason_of(error))}"
            ) from None


class _Record:
    """The tag of the stack that has the fleet's name."""

    def __init__(self, fleet: Definition, environment: Mapping[str, str], folder: Path) -> None:
        self._fleet, self._folder = fleet, folder
        self._environment = environment_of(fleet, environment)
        self._command = SupervisedCommand.make(Never(), _GRACE)
        write_project(fleet, folder)

    def read(self, *, last: bool = False) -> tuple[str, bool]:
        """Return the number of shards that is recorded, and whether this recorded it.

        Raises:
            CommandError: the backend cannot be used, or another run records the number right now. In the ``last`` try
                that other one is taken for dead.

        """
        try:
            return self._pulumi("tag", "get", SHARDS, "--stack", self._fleet.name), False
        except StackNotFoundError:
            provider = self._fleet.secrets_provider
            self._pulumi("init", self._fleet.name, "--no-select", "--secrets-provider", provider)
        except CommandError as error:
            if not last or _NO_TAG not in str(error):
                raise
        number = str(self._fleet.shards)
        self._pulumi("tag", "set", SHARDS, number, "--stack", self._fleet.name)
        return number, True

    def _pulumi(self, *arguments: str) -> str:
        return self._command.run(["stack", *arguments], str(self._folder), self._environment).stdout.strip()
