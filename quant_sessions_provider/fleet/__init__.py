"""Fleets: one program run as many stacks, each of which has the sessions of some of the users.

A program asks :func:`members` which users are those of its stack. It needs no extra; runs do:
``pip install 'quant-sessions-provider[fleet]'``.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = ["Fleet", "Options", "Result", "members", "shard_of"]

if TYPE_CHECKING:
    from quant_sessions_provider.fleet.model import Options, Result
    from quant_sessions_provider.fleet.program import members
    from quant_sessions_provider.fleet.run import Fleet
    from quant_sessions_provider.fleet.shards import shard_of
else:
    _MODULES = {"Fleet": "run", "Options": "model", "Result": "model", "members": "program", "shard_of": "shards"}

    def __getattr__(name: str) -> object:
        """Import public names on first use: Pulumi takes a second to import, and the command line does not need it."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
