"""A local emulator of the QuantCDN AI sessions API: its six operations on FastAPI and SQLite.

It follows the published OpenAPI description, needs the extra ``emulator`` and listens on loopback only.
"""

from quant_sessions_provider.emulator.app import create_app
from quant_sessions_provider.emulator.errors import StartError
from quant_sessions_provider.emulator.faults import FaultSetup
from quant_sessions_provider.emulator.server import EmulatorServer
from quant_sessions_provider.emulator.store import Store

__all__ = ["EmulatorServer", "FaultSetup", "StartError", "Store", "create_app"]
