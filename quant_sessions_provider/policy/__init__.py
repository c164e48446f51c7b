"""Ready-made policies for sessions, for use in a Pulumi policy pack.

Needs the extra: ``pip install 'quant-sessions-provider[policy]'``.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final

__all__ = ["policies"]

PACKAGES: Final = ("detect_secrets", "pulumi_policy")
"""What the extra adds; without one of these it is not installed."""
MISSING: Final = "the policies need the extra 'policy': pip install 'quant-sessions-provider[policy]'"

if TYPE_CHECKING:
    from quant_sessions_provider.policy.pack import policies
else:

    def __getattr__(name: str) -> object:
        """Import what needs the extra on first use; without it, end the process of the pack in one line.

        Of any other exception Pulumi prints every line of the traceback, twice.
        """
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            return import_module(f"{__name__}.pack").policies
        except ModuleNotFoundError as error:
            if error.name not in PACKAGES:
                raise
            sys.exit(MISSING)
