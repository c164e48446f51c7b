"""A command's settings and the account they lead to: options beat the stack's configuration, which beats variables."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from quant_sessions_provider.cli.stack import stack_configuration
from quant_sessions_provider.client.sessions import Client, client_of
from quant_sessions_provider.core import settings as config
from quant_sessions_provider.core.errors import ConfigurationError
from quant_sessions_provider.doctor.settings import FoundSetting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def valid_text(value: str | None) -> str | None:
    """Reject an empty option or argument, as an unset variable leaves, and one that is not valid UTF-8."""
    if value is not None and not value.strip():
        raise typer.BadParameter("must not be empty")
    try:
        (value or "").encode()
    except UnicodeEncodeError:
        raise typer.BadParameter("must be valid UTF-8") from None
    return value


def _checked(key: str) -> Callable[[str | None], str | None]:
    """Return a callback that rejects a malformed option, in the words of its setting."""

    def check(value: str | None) -> str | None:
        if value is None:
            return None
        full = f"{config.NAMESPACES[0]}:{key}"
        try:
            config.load({full: value or " "}.get, {})
        except ConfigurationError as error:
            raise typer.BadParameter(str(error).removeprefix(f"{full}: ")) from None
        return valid_text(value)

    return check


Organization = Annotated[
    str | None,
    typer.Option(
        callback=_checked("organization"),
        help="Organization that owns the sessions.",
        show_default="the configured one",
    ),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(callback=_checked("baseUrl"), help="Base URL of the API.", show_default="the configured one"),
]
Stack = Annotated[
    str | None,
    typer.Option(
        callback=valid_text,
        help="Also read the configuration of this stack of the project in this directory; list, extend and delete"
        " read its state too.",
        show_default="none",
    ),
]


@dataclass(frozen=True)
class Sources:
    """Where settings are looked up. ``options`` by key, ``stack`` by full key."""

    options: Mapping[str, str]
    stack: Mapping[str, str] = field(default_factory=dict, repr=False)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    def load(self) -> config.Settings:
        """Read all settings.

        Raises:
            ConfigurationError: a value is malformed.

        """
        return config.load(self.lookup, self.environ)

    def lookup(self, full: str) -> str | None:
        """Return a value that beats the environment, by its full key."""
        namespace, _, key = full.partition(":")
        option = self.options.get(key) if namespace == config.NAMESPACES[0] else None
        return self.stack.get(full) if option is None else option

    def find(self, key: str) -> FoundSetting:
        """Return a setting as it was found, unread."""
        name, value = config.find(key, self.lookup, self.environ)
        if value is None:
            return FoundSetting(key, name)
        return FoundSetting(
            key, name, str(value), "the command line" if key in self.options else config.source_of(name)
        )


def sources(organization: str | None, base_url: str | None, stack: str | None) -> Sources:
    """Return the sources that a command's options name.

    Raises:
        ConfigurationError: the stack's configuration cannot be read.

    """
    given = {"organization": organization, "baseUrl": base_url}
    options = {key: value for key, value in given.items() if value is not None}
    return Sources(options, {} if stack is None else stack_configuration(stack))


class Account(NamedTuple):
    """Where to ask, and whose sessions."""

    client: Client
    organization: str


def account_settings(organization: str | None, base_url: str | None, stack: str | None) -> config.Settings:
    """Return the settings that the options and the configuration lead to, with a token and an organization.

    Raises:
        ConfigurationError: a setting is missing or malformed.

    """
    settings = sources(organization, base_url, stack).load()
    settings.require_bearer()
    settings.require_organization()
    return settings


def open_account(organization: str | None, base_url: str | None, stack: str | None) -> Account:
    """Return the account that the options and the configuration lead to; nothing is sent yet.

    Raises:
        ConfigurationError: a setting is missing or malformed.

    """
    settings = account_settings(organization, base_url, stack)
    return Account(client_of(settings), settings.require_organization())
