"""Starts a keeper in this process, and turns its end into an exit code."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.keep.engine import AutomationEngine
from quant_sessions_provider.keep.keeper import DONE, FAILED, Keeper
from quant_sessions_provider.keep.lines import Log
from quant_sessions_provider.keep.model import RunError
from quant_sessions_provider.keep.signals import Interrupts

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta
    from pathlib import Path

    from quant_sessions_provider.keep.model import Line

_BY_SIGNAL: Final = 128
"""Shells add it to the number of the signal that ended a process."""


def keep(folder: Path, stack: str | None, longest: timedelta, write: Callable[[Line], None], *, once: bool) -> int:
    """Keep a stack of the project in a folder; return the exit code.

    Raises:
        ConfigurationError: there is no such CLI or project, or no stack is selected.

    """
    interrupts = Interrupts()
    with interrupts.handled():
        log = Log(interrupts, write)
        keeper = Keeper(AutomationEngine(folder, stack, interrupts), interrupts, log, longest)
        try:
            code = keeper.once() if once else keeper.stay()
        except RunError as error:
            if interrupts.number is not None:
                return _BY_SIGNAL + interrupts.number
            log.say("failed", str(error))
            return FAILED
    by_hand = code == DONE and not once and interrupts.number == signal.SIGINT
    return _BY_SIGNAL + signal.SIGINT if by_hand else code
