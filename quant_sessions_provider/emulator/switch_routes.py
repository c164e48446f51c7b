"""Routes under ``/_emulator/`` for faults and behaviours, which last until they are reset or the process ends."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from quant_sessions_provider.emulator.api import Rules, bearer, problems
from quant_sessions_provider.emulator.behaviours import Behaviours
from quant_sessions_provider.emulator.faults import Fault, FaultSetup
from quant_sessions_provider.emulator.switches import Switches, switches_of

Current = Annotated[Switches, Depends(switches_of)]
router = APIRouter(
    prefix="/_emulator",
    tags=["Emulator"],
    dependencies=[bearer],
    responses=problems({400: "Invalid request"}),
)


@router.get("/faults")
async def read_faults(switches: Current) -> dict[str, Any]:
    """Show the faults, and how often each struck."""
    return switches.faults.report()


@router.put("/faults")
async def set_faults(body: FaultSetup, switches: Current) -> dict[str, Any]:
    """Replace all faults, the latency and the seed; the sequence of the seed begins anew."""
    switches.faults.arm(body)
    return switches.faults.report()


@router.post("/faults")
async def add_fault(body: Fault, switches: Current) -> dict[str, Any]:
    """Add one fault after the others, which keep their counts."""
    switches.faults.add(body)
    return switches.faults.report()


@router.delete("/faults")
async def clear_faults(switches: Current) -> dict[str, Any]:
    """Fail no more, and at once: the latency goes too."""
    switches.faults.arm(FaultSetup())
    return switches.faults.report()


@router.get("/behaviours")
async def read_behaviours(rules: Rules) -> Behaviours:
    """Show all switches."""
    return rules


@router.put("/behaviours")
async def set_behaviours(body: Behaviours, switches: Current) -> Behaviours:
    """Set the switches that are named; all others go back to their defaults."""
    switches.behaviours = body
    return body


@router.delete("/behaviours")
async def reset_behaviours(switches: Current) -> Behaviours:
    """Set all switches back to their defaults."""
    switches.behaviours = Behaviours()
    return switches.behaviours
