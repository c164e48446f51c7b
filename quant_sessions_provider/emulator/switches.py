"""What can be switched while the emulator runs. A restart resets it."""

from dataclasses import dataclass

from quant_sessions_provider.emulator.behaviours import Behaviours
from quant_sessions_provider.emulator.faults import Faults


@dataclass
class Switches:
    """The faults and behaviours in force."""

    faults: Faults
    behaviours: Behaviours
