"""The account that a command asks about: its client, and the organization."""

from typing import NamedTuple

from quant_sessions_provider.cli.settings import sources
from quant_sessions_provider.client.sessions import Client, client_of


class Account(NamedTuple):
    """Where to ask, and whose sessions."""

    client: Client
    organization: str


def open_account(organization: str | None, base_url: str | None, stack: str | None) -> Account:
    """Make the client that the options and the configuration lead to; nothing is sent yet.

    Raises:
        ConfigurationError: a setting is missing or malformed.

    """
    settings = sources(organization, base_url, stack).load()
    settings.require_bearer()
    return Account(client_of(settings), settings.require_organization())
