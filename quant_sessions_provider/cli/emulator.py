"""``quant-sessions emulator``: the API on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quant_sessions_provider.cli.exits import fail

if TYPE_CHECKING:
    from types import ModuleType

# Packages of the extra: that one of them is missing is no bug.
_EXTRA = {"fastapi", "fastapi_offline", "pydantic", "starlette", "uvicorn"}


def emulator(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Loopback port; 0: any free one.")] = 8787,
    db: Annotated[Path, typer.Option(help="SQLite file, created if missing.")] = Path("quant-sessions-emulator.db"),
    latency_ms: Annotated[int, typer.Option(min=0, max=3_600_000, help="Let each request wait.")] = 0,
    fault_rate: Annotated[float, typer.Option(min=0, max=1, help="Share of requests to fail, in every way.")] = 0,
    seed: Annotated[int | None, typer.Option(help="Fail the same requests again.", show_default="random")] = None,
) -> None:
    """Run the API of AI sessions on this machine, without an account."""
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


def _emulator_package() -> "ModuleType":
    try:
        from quant_sessions_provider import emulator as package  # noqa: PLC0415 - an extra, and slow to import
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        fail("the emulator needs the extra: pip install 'quant-sessions-provider[emulator]'")
    return package
