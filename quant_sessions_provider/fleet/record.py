"""Has the backend record how many shards a fleet has: with another number, users would move to other stacks.

An empty stack with the fleet's name has it as a tag. This is also the one command before all others: the first
connections to an empty Postgres database would race to create its table.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from random import uniform
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from pulumi.automation.errors import (
    CommandError,
    ConcurrentUpdateError,
    StackAlreadyExistsError,
    StackNotFoundError,
)

from quant_sessions_provider.core.errors import ConfigurationError
from quant_sessions_provider.fleet.command import SupervisedCommand
from quant_sessions_provider.fleet.locks import locks_in
from quant_sessions_provider.fleet.program import SHARDS
from quant_sessions_provider.fleet.stack import environment_of, without_password, write_project
from quant_sessions_provider.pulumi_command import reason_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quant_sessions_provider.fleet.definition import Definition
    from quant_sessions_provider.fleet.model import Stop

_TRIES: Final = 3
_PAUSE: Final = (0.5, 1.5)
"""Seconds; slices that begin together do not try together."""
_PATIENCE: Final = 30.0
"""Seconds; another run that records the number right now is waited for, and then taken for dead."""
_GRACE: Final = 10
_NO_TAG: Final = "not found for stack"
_FILES: Final = "file://"


def require_same_shards(fleet: Definition, environment: Mapping[str, str], stop: Stop) -> bool:
    """Record the number of shards, or compare it with the recorded one; return whether the fleet is new.

    Raises:
        ConfigurationError: the fleet has another number of shards, the backend cannot be used, or this was stopped.

    """
    recorded, is_new = _recorded(fleet, environment, stop, makes=True)
    _compare(fleet, recorded)
    return is_new


def require_known(fleet: Definition, environment: Mapping[str, str], stop: Stop) -> None:
    """Compare the number of shards with the recorded one.

    Raises:
        ConfigurationError: the fleet has another number of shards or never ran, the backend cannot be used, or this was
            stopped.

    """
    _compare(fleet, _recorded(fleet, environment, stop, makes=False)[0])


def _compare(fleet: Definition, recorded: str) -> None:
    if recorded != str(fleet.shards):
        raise ConfigurationError(
            f"shards: {fleet.shards} was {recorded} when fleet {fleet.name} first ran, and never changes: users would"
            " move to other stacks, and lose their sessions for new ones. Set it back, or give the fleet a new name"
        )


def _recorded(fleet: Definition, environment: Mapping[str, str], stop: Stop, *, makes: bool) -> tuple[str, bool]:
    if makes and fleet.backend and fleet.backend.startswith(_FILES):
        Path(fleet.backend.removeprefix(_FILES).partition("?")[0]).expanduser().mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + _PATIENCE
    with TemporaryDirectory(prefix="quant-sessions-fleet-") as folder:
        record = _Record(fleet, environment, Path(folder), stop)
        tries = 0
        while True:
            tries, late = tries + 1, time.monotonic() > end
            try:
                return record.read(last=late) if makes else (record.known(), False)
            except CommandError as error:
                if late or stop.asked() or not (tries < _TRIES or _is_of_another_run(error)):
                    raise ConfigurationError(f"the fleet's state cannot be used: {_reason(error)}") from None
            time.sleep(uniform(*_PAUSE))  # noqa: S311 - no secret


def _is_of_another_run(error: CommandError) -> bool:
    return isinstance(error, (ConcurrentUpdateError, StackAlreadyExistsError)) or _NO_TAG in str(error)


def _reason(error: CommandError) -> str:
    locks = locks_in(str(error))
    # `pulumi cancel` does not know a stack whose creation was killed.
    cure = f"; if nobody creates it now, delete this lock: {locks[0].address}" if locks else ""
    return without_password(f"{reason_of(error)}{cure}")


class _Record:
    """The tag of the stack that has the fleet's name."""

    def __init__(self, fleet: Definition, environment: Mapping[str, str], folder: Path, stop: Stop) -> None:
        self._fleet, self._folder = fleet, folder
        self._environment = environment_of(fleet, environment)
        self._command = SupervisedCommand.make(stop, _GRACE, interrupts=False)
        write_project(fleet, folder)

    def read(self, *, last: bool = False) -> tuple[str, bool]:
        """Return the number of shards that is recorded, and whether this recorded it.

        Raises:
            CommandError: the backend cannot be used, or another run records the number right now. In the ``last`` try
                that other one is taken for dead.

        """
        try:
            return self._tag("get"), False
        except StackNotFoundError:
            provider = self._fleet.secrets_provider
            self._pulumi("init", self._fleet.name, "--no-select", "--secrets-provider", provider)
        except CommandError as error:
            if not last or _NO_TAG not in str(error):
                raise
        self._require_no_shard()
        self._tag("set", str(self._fleet.shards))
        return self._tag("get"), True

    def known(self) -> str:
        """Return the number of shards that is recorded.

        Raises:
            CommandError: the backend cannot be used, or another run records the number right now.
            ConfigurationError: there is no such fleet.

        """
        try:
            return self._tag("get")
        except StackNotFoundError:
            raise ConfigurationError(f"fleet {self._fleet.name} never ran, as far as its backend knows") from None

    def _require_no_shard(self) -> None:
        name, first = self._fleet.name, self._fleet.stack(0)
        with suppress(StackNotFoundError):
            self._pulumi("tag", "ls", "--stack", first)
            raise ConfigurationError(
                f"shards: stack {first} is there, but the number that the fleet was made with is not recorded any more."
                f" Record that one: `pulumi stack tag set {SHARDS} NUMBER --stack {name}`"
            )

    def _tag(self, verb: str, *value: str) -> str:
        return self._pulumi("tag", verb, SHARDS, *value, "--stack", self._fleet.name)

    def _pulumi(self, *arguments: str) -> str:
        return self._command.run(["stack", *arguments], str(self._folder), self._environment).stdout.strip()
