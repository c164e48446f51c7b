"""``quant-sessions emulator``: an emulator of the API on this machine."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from quant_sessions_provider.cli.exits import fail

if TYPE_CHECKING:
    from types import ModuleType

_PACKAGE: Final = "quant_sessions_provider.emulator"


def emulator(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on loopback; 0 for any free port.")] = 8787,
    db: Annotated[Path, typer.Option(help="SQLite file, created if missing.")] = Path("quant-sessions-emulator.db"),
    latency_ms: Annotated[
        int, typer.Option(min=0, max=3_600_000, help="Delay every response by this many milliseconds.")
    ] = 0,
    fault_rate: Annotated[float, typer.Option(min=0, max=1, help="Fraction of requests that fail (0 to 1).")] = 0,
    seed: Annotated[
        int | None,
        typer.Option(help="Seed of the failures; the same seed fails the same requests.", show_default="random"),
    ] = None,
) -> None:
    """Run an emulator of the sessions API on this machine, without an account."""
    package = _emulator_package()
    chosen = {} if seed is None else {"seed": seed}
    faults = package.FaultSetup(latency_ms=latency_ms, rate=fault_rate, **chosen)
    try:
        server = package.EmulatorServer(db, port, faults)
    except package.StartError as error:
        fail(str(error))
    line = f"QuantCDN AI sessions emulator: {server.url} (docs at /docs, data in {db})"
    if fault_rate:
        line += f", failing {fault_rate:.0%} of the requests with --seed {faults.seed}"
    server.run(announce=lambda: typer.echo(line))


def _emulator_package() -> ModuleType:
    try:
        return import_module(_PACKAGE)  # an extra, and slow to import
    except ModuleNotFoundError as error:
        if error.name != _PACKAGE:
            raise
        fail(str(error))
