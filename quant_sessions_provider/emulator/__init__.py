"""A local emulator of the QuantCDN AI sessions API: its six operations on FastAPI and SQLite.

It follows the published OpenAPI description, needs the extra ``emulator`` and listens on loopback only.
"""

from typing import Final

_PACKAGES: Final = ("fastapi", "fastapi_offline", "pydantic", "starlette", "uvicorn")
"""What the extra adds; without one of these it is not installed."""
_NEEDED: Final = "the emulator needs the extra 'emulator': pip install 'quant-sessions-provider[emulator]'"

try:
    from quant_sessions_provider.emulator.app import create_app
    from quant_sessions_provider.emulator.background import BackgroundEmulator
    from quant_sessions_provider.emulator.errors import StartError
    from quant_sessions_provider.emulator.faults import FaultSetup
    from quant_sessions_provider.emulator.server import EmulatorServer
    from quant_sessions_provider.emulator.store import Store
except ModuleNotFoundError as error:
    if error.name not in _PACKAGES:
        raise
    raise ModuleNotFoundError(_NEEDED, name=__name__) from None

__all__ = ["BackgroundEmulator", "EmulatorServer", "FaultSetup", "StartError", "Store", "create_app"]
