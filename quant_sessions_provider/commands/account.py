"""The account that a command asks about: its client, and the organization."""

from typing import TYPE_CHECKING, NamedTuple

from quant_sessions_provider.commands.sources import sources

if TYPE_CHECKING:
    from quant_sessions_provider.client import Client
    from quant_sessions_provider.config import Settings


class Account(NamedTuple):
    """Where to ask, and whose sessions."""

    client: "Client"
    organization: str


def open_account(organization: str | None, base_url: str | None, stack: str | None) -> Account:
    """Make the client that the options and the configuration lead to; nothing is sent yet.

    Raises:
        ConfigurationError: a setting is missing or malformed.

    """
    settings = sources(organization, base_url, stack).load()
    settings.require_bearer()
    return Account(client_of(settings), settings.require_organization())


def client_of(settings: "Settings") -> "Client":
    """Make the client of some settings."""
    from quant_sessions_provider.client import Client  # noqa: PLC0415 - HTTP is slow to import, and help needs none
    from quant_sessions_provider.transport import Transport  # noqa: PLC0415 - same

    return Client(Transport(settings))
