"""The account that live tests run in. Its variables are their own, so that no other setting can start them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.client.sessions import client_of
from quant_sessions_provider.core import settings
from quant_sessions_provider.core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quant_sessions_provider.client.sessions import Client

ORGANIZATION: Final = "LIVE_TEST_ORGANIZATION"
TOKEN: Final = "LIVE_TEST_TOKEN"
BASE_URL: Final = "LIVE_TEST_BASE_URL"
FOLDER: Final = "LIVE_TEST_FOLDER"
"""Where the ledgers are."""


class AccountError(Exception):
    """No live test can run: a variable is missing or malformed."""


@dataclass(frozen=True)
class Account:
    """Host, organization and token of the service."""

    base_url: str
    organization: str
    token: str = field(repr=False)

    def settings(self) -> settings.Settings:
        """Return the provider's settings of this account, and none of the caller's."""
        variables = {"baseUrl": self.base_url, "organization": self.organization, "bearer": self.token}
        try:
            return settings.load(lambda _: None, {settings.VARIABLES[key]: value for key, value in variables.items()})
        except ConfigurationError as error:
            raise AccountError(f"{ORGANIZATION}, {TOKEN} or {BASE_URL} is malformed: {error}") from error

    def client(self) -> Client:
        """Return a client of the service."""
        return client_of(self.settings())


def account_in(environ: Mapping[str, str]) -> Account:
    """Return the account of the LIVE_TEST_ variables. Raise AccountError if one is missing or malformed."""
    for name in (ORGANIZATION, TOKEN):
        if not environ.get(name):
            raise AccountError(f"{name} is not set: live tests need an organization and a token of their own")
    account = Account(environ.get(BASE_URL) or settings.DEFAULT_BASE_URL, environ[ORGANIZATION], environ[TOKEN])
    return replace(account, base_url=account.settings().base_url)


@cache
def taken_account() -> Account:
    """Return the account, and take its token out of this process's environment: no program under test is given it."""
    account = account_in(os.environ)
    del os.environ[TOKEN]
    return account
