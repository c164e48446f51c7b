"""QuantCDN AI sessions as Pulumi resources."""

from quant_sessions_provider.group import SessionGroup
from quant_sessions_provider.lookups import (
    FoundSession,
    ListedSession,
    get_session,
    get_session_output,
    list_sessions,
    list_sessions_output,
)
from quant_sessions_provider.session import Message, OnExpired, Role, Session, Status

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
