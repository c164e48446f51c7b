"""What can be switched while the emulator runs. In memory only: a restart forgets it."""

from dataclasses import dataclass

from quant_sessions_provider.emulator.behaviours import Behaviours
from quant_sessions_provider.emulator.faults import Faults


@dataclass
class Switches:
    """What holds at this moment."""

    faults: Faults
    behaviours: Behaviours
