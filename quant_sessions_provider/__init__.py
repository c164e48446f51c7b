"""QuantCDN AI sessions as Pulumi resources.

PYTEST_DONT_REWRITE: pytest takes the package for a plugin's, and would warn in runs that have imported it before.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = [
    "ExistingSession",
    "FoundSession",
    "ListedSession",
    "Message",
    "OnExpired",
    "Role",
    "Session",
    "SessionArgs",
    "SessionGroup",
    "Status",
    "get_session",
    "get_session_output",
    "list_sessions",
    "list_sessions_output",
    "until",
]

if TYPE_CHECKING:
    __version__: str

    from quant_sessions_provider.operations.lookups import FoundSession, ListedSession
    from quant_sessions_provider.sdk.declared import Message, OnExpired, Role, SessionArgs, Status
    from quant_sessions_provider.sdk.existing import ExistingSession
    from quant_sessions_provider.sdk.group import SessionGroup
    from quant_sessions_provider.sdk.lookups import (
        get_session,
        get_session_output,
        list_sessions,
        list_sessions_output,
    )
    from quant_sessions_provider.sdk.session import Session
    from quant_sessions_provider.sdk.until import until
else:
    _MODULES = {
        "ExistingSession": "sdk.existing",
        "SessionGroup": "sdk.group",
        "until": "sdk.until",
        **dict.fromkeys(("FoundSession", "ListedSession"), "operations.lookups"),
        "Session": "sdk.session",
        **dict.fromkeys(("Message", "OnExpired", "Role", "SessionArgs", "Status"), "sdk.declared"),
    }

    # Hidden from type checkers, for which every name would exist.
    def __getattr__(name: str) -> object:
        """Import public names on first use: Pulumi takes a second to import, and the command line does not need it."""
        if name == "__version__":
            return import_module("importlib.metadata").version("quant-sessions-provider")
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_MODULES.get(name, 'sdk.lookups')}"), name)

    def __dir__() -> list[str]:
        """Return all names, imported yet or not."""
        return sorted({*globals(), *__all__, "__version__"})
