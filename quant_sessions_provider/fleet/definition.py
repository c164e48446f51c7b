"""The fleet file: what is run, as how many stacks, and where their state is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from quant_sessions_provider.core.errors import ConfigurationError
from quant_sessions_provider.core.settings import NAMESPACES, VARIABLES
from quant_sessions_provider.core.text import one_line
from quant_sessions_provider.fleet.shards import MAX_SHARDS, digits_of, problem_with_name, stack_name

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEYS: Final = ("name", "program", "shards", "backend", "secretsProvider", "parallel", "config")
_REQUIRED: Final = ("name", "shards")
_MAX_PARALLEL: Final = 1000
_RESERVED: Final = "fleet"
_SECRETS: Final = tuple(f"{namespace}:bearer" for namespace in NAMESPACES)
_LOCAL: Final = "file://"
_PASSWORD: Final = re.compile("://[^/]*:[^/]*@|[?&]password=")
DEFAULT_PROVIDER: Final = "passphrase"


@dataclass(frozen=True)
class Definition:
    """A fleet as its file has it.

    ``program`` is the folder of the Pulumi program, ``project`` its name. ``shards`` never changes. ``backend`` is a
    URL of Pulumi's; None for the one that the machine is logged in to. ``parallel``: how many shards run at the same
    time on one machine without Dask; None for twice its processors. ``config`` is the configuration of every stack.
    """

    name: str
    program: str
    project: str
    shards: int
    backend: str | None = None
    secrets_provider: str = DEFAULT_PROVIDER
    parallel: int | None = None
    config: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def stack(self, shard: int) -> str:
        """Return the name of a shard's stack."""
        return stack_name(self.name, shard, self.shards)

    def number(self, shard: int) -> str:
        """Return the number of a shard as stacks have it."""
        return f"{shard:0{digits_of(self.shards)}}"


def read(file: Path) -> Definition:
    """Return the fleet that a file defines.

    Raises:
        ConfigurationError: the file cannot be used; names the key and the rule.

    """
    try:
        found = _File(file, _parsed(file.read_bytes()))
        return found.definition()
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror or 'cannot be read'}") from None
    except _RuleError as error:
        raise ConfigurationError(f"{file}: {error}") from None


class _RuleError(ValueError):
    """What is wrong in the file: the key and the rule."""


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        found = yaml.safe_load(content)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise _RuleError(f"not YAML{f', line {mark.line + 1}' if mark else ''}") from None
    if not isinstance(found, dict):
        raise _RuleError("must be a mapping, with at least name and shards")
    return found


class _File:
    """The values of a fleet file, each checked as it is read."""

    def __init__(self, file: Path, values: dict[str, Any]) -> None:
        self._folder, self._values = file.resolve().parent, values
        for key in values:
            if key not in _KEYS:
                raise _RuleError(_unknown(str(key)))
        for key in _REQUIRED:
            if values.get(key) is None:
                raise _RuleError(f"{key}: is required")

    def definition(self) -> Definition:
        shards, program = self._whole("shards", MAX_SHARDS), self._program()
        project = _project(program / "Pulumi.yaml")
        return Definition(
            name=self._name(shards or 1),
            program=str(program),
            project=project["name"],
            shards=shards or 1,
            backend=self._backend(needed="backend" in project),
            secrets_provider=self._text("secretsProvider") or DEFAULT_PROVIDER,
            parallel=self._whole("parallel", _MAX_PARALLEL),
            config={**_settings(project.get("config")), **self._config()},
        )

    def _name(self, shards: int) -> str:
        name = self._text("name") or ""
        problem = problem_with_name(name, shards)
        if problem:
            raise _RuleError(f"name: {problem}")
        return name

    def _program(self) -> Path:
        folder = self._folder / Path(self._text("program") or ".").expanduser()
        if not (folder / "Pulumi.yaml").is_file():
            raise _RuleError(f"program: must be a folder with a Pulumi.yaml, and {folder} has none")
        return folder.resolve()

    def _backend(self, *, needed: bool) -> str | None:
        backend = self._text("backend")
        if backend is None and needed:
            raise _RuleError(
                "backend: is required, since the program's Pulumi.yaml names one, which a fleet does not read"
            )
        if backend is None:
            return None
        if "://" not in backend:
            raise _RuleError("backend: must be a URL, such as file://~, s3://bucket or postgres://user@host/database")
        if _PASSWORD.search(backend):
            raise _RuleError("backend: must not contain a password: set PGPASSWORD where the shards run")
        path = backend.removeprefix(_LOCAL)
        # Pulumi takes a relative folder from wherever it runs.
        return f"{_LOCAL}{self._folder / path}" if backend.startswith(_LOCAL) and path[:1] not in "~/" else backend

    def _config(self) -> dict[str, Any]:
        config = self._values.get("config") or {}
        if not isinstance(config, dict):
            raise _RuleError("config: must be a mapping of keys to values")
        for key, value in config.items():
            problem = _problem_with_setting(str(key), value)
            if problem:
                raise _RuleError(f"config: {one_line(str(key))} {problem}")
        return config

    def _text(self, key: str) -> str | None:
        value = self._values.get(key)
        if value is not None and not (isinstance(value, str) and value.strip()):
            raise _RuleError(f"{key}: must be a non-empty string")
        return value

    def _whole(self, key: str, most: int) -> int | None:
        value = self._values.get(key)
        if value is not None and not (type(value) is int and 1 <= value <= most):
            raise _RuleError(f"{key}: must be a whole number from 1 to {most}")
        return value


def _unknown(key: str) -> str:
    near = get_close_matches(key, _KEYS, 1)
    return f"{one_line(key)}: is not a key of a fleet{f'; use {near[0]}' if near else ''}"


def _problem_with_setting(key: str, value: object) -> str:
    if key.partition(":")[0] == _RESERVED and ":" in key:
        return "is set by the fleet itself"
    namespace, _, name = key.partition(":")
    if namespace in NAMESPACES and name not in VARIABLES:
        near = get_close_matches(name, VARIABLES, 1)
        return f"is not a setting{f'; use {namespace}:{near[0]}' if near else ''}"
    if key in _SECRETS or (isinstance(value, dict) and "secure" in value):
        return "is a secret, which a fleet file must not hold: set its variable where the shards run"
    return ""


def _settings(config: object) -> dict[str, Any]:
    """Return the provider's settings in a ``Pulumi.yaml``, which all shards have; what is secret stays there."""
    named = {str(key): value for key, value in (config.items() if isinstance(config, dict) else ())}
    ours = {key: value for key, value in named.items() if key.partition(":")[0] in NAMESPACES and key not in _SECRETS}
    found = {key: _plain(value) for key, value in ours.items()}
    return {key: value for key, value in found.items() if value is not None}


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return None if value.get("secret") else value.get("value")
    return value


def _project(file: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(file.read_bytes())
    except (OSError, yaml.YAMLError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("name"), str) or not found["name"]:
        raise _RuleError(f"program: {file} has no name")
    return found
