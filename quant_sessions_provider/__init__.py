"""QuantCDN AI sessions as Pulumi resources."""

from quant_sessions_provider.group import SessionGroup
from quant_sessions_provider.session import Message, OnExpired, Role, Session, Status

__all__ = ["Message", "OnExpired", "Role", "Session", "SessionGroup", "Status"]
