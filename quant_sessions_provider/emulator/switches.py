"""What can be switched while the emulator runs. In memory only: a restart forgets it."""

from dataclasses import dataclass

from fastapi import Request

from quant_sessions_provider.emulator.behaviours import Behaviours
from quant_sessions_provider.emulator.faults import Faults


@dataclass
class Switches:
    """What holds at this moment."""

    faults: Faults
    behaviours: Behaviours


async def switches_of(request: Request) -> Switches:
    """Hand a route the switches of its application."""
    switches: Switches = request.app.state.switches
    return switches
