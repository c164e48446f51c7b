"""Filter the caller's variables for the demo, the tour and the tests."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CREDENTIALS = "QUANTCDN_"
ENGINE = "PULUMI_"


def heed_ctrl_c() -> None:
    """Have Ctrl-C end what this process starts; a shell has what it starts in the background ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def without(environ: Mapping[str, str], *prefixes: str) -> dict[str, str]:
    """Return a copy without the variables that begin with one of the prefixes."""
    return {name: value for name, value in environ.items() if not name.startswith(prefixes)}


def with_bytecode(environ: Mapping[str, str]) -> dict[str, str]:
    """Return a copy with which Python keeps what it compiles, outside of the folders of its sources.

    Each engine run starts Python once or twice. With PYTHONDONTWRITEBYTECODE, which many containers set, each start
    compiles all of Pulumi again: a third of a run's work.
    """
    kept = dict(environ)
    if kept.pop("PYTHONDONTWRITEBYTECODE", ""):
        kept.setdefault("PYTHONPYCACHEPREFIX", str(Path(sys.prefix, "pycache")))
    return kept
