"""QuantCDN AI sessions as Pulumi resources."""

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = [
    "FoundSession",
    "ListedSession",
    "Message",
    "OnExpired",
    "Role",
    "Session",
    "SessionGroup",
    "Status",
    "get_session",
    "get_session_output",
    "list_sessions",
    "list_sessions_output",
]

if TYPE_CHECKING:
    from quant_sessions_provider.sdk.group import SessionGroup
    from quant_sessions_provider.sdk.lookups import (
        FoundSession,
        ListedSession,
        get_session,
        get_session_output,
        list_sessions,
        list_sessions_output,
    )
    from quant_sessions_provider.sdk.session import Message, OnExpired, Role, Session, Status
else:
    _MODULES = {"SessionGroup": "sdk.group"} | dict.fromkeys(
        ("Message", "OnExpired", "Role", "Session", "Status"), "sdk.session"
    )

    # Hidden from type checkers, to which it would say that every name exists.
    def __getattr__(name: str) -> object:
        """Import what people declare when it is asked for: Pulumi takes a second, and the command line needs none."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_MODULES.get(name, 'sdk.lookups')}"), name)

    def __dir__() -> list[str]:
        """List what is there and what would be."""
        return sorted({*globals(), *__all__})
