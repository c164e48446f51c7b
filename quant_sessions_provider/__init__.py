"""QuantCDN AI sessions as Pulumi resources."""

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = ["Message", "OnExpired", "Role", "Session", "Status"]

if TYPE_CHECKING:
    from quant_sessions_provider.session import Message, OnExpired, Role, Session, Status
else:
    # Hidden from type checkers, to which it would say that every name exists.
    def __getattr__(name: str) -> object:
        """Import what people declare when it is asked for: Pulumi takes a second, and the command line needs none."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.session"), name)

    def __dir__() -> list[str]:
        """List what is there and what would be."""
        return sorted({*globals(), *__all__})
