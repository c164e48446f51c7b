"""The settings of one provider resource: read, compared, and kept out of state in plain text."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pulumi.runtime.proto import provider_pb2

from quant_sessions_provider.core import settings as config
from quant_sessions_provider.core.model import UNKNOWN, contains_unknown
from quant_sessions_provider.core.urns import declared_provider
from quant_sessions_provider.plugin.wire import from_wire, holds_secret, secret

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import Struct

    from quant_sessions_provider.core.settings import Settings

PACKAGE = "quant-sessions"
_TOKEN = "bearer"  # noqa: S105 - the name of a setting

HIDES_PLANS = (
    "its organization or baseUrl is not known in this preview: the run may replace its sessions and lose their"
    " messages; declare organization on the sessions to prevent that"
)


def hides_plans(news: Struct) -> bool:
    """Return whether no preview can compare the sessions of a provider resource: the engine does not even ask."""
    settings = from_wire(news)
    return any(contains_unknown(settings.get(key)) for key in ("organization", "baseUrl"))


def check(news: Struct) -> Struct:
    """Return the settings with a token that state holds as a secret. Whether they are right is said by the first verb.

    A failure here would end a program in another language while it runs, as if it was interrupted.
    """
    checked = type(news)()
    checked.CopyFrom(news)
    if _TOKEN in news.fields and not holds_secret(news.fields[_TOKEN]):
        checked.fields[_TOKEN].CopyFrom(secret(news.fields[_TOKEN]))
    return checked


def diff(olds: Struct, news: Struct) -> provider_pb2.DiffResponse:
    """Return whether the settings changed. That never replaces a session."""
    changes = provider_pb2.DiffResponse.DIFF_NONE
    if from_wire(olds) != from_wire(news):
        changes = provider_pb2.DiffResponse.DIFF_SOME
    return provider_pb2.DiffResponse(changes=changes)


def read(urn: str, arguments: Struct) -> Settings:
    """Return the settings; of the stack's configuration the engine sends those of this package's own namespace.

    ``urn`` is that of the provider resource.

    Raises:
        ConfigurationError: a value is malformed.

    """
    values = {f"{PACKAGE}:{key}": value for key, value in from_wire(arguments).items() if value is not UNKNOWN}
    return config.load(values.get, os.environ, declared_provider(urn))
