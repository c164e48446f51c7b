"""``quant-sessions emulator``: an emulator of the API on this machine."""

from __future__ import annotations

import time
from contextlib import suppress
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from quant_sessions_provider.cli.exits import fail

if TYPE_CHECKING:
    from types import ModuleType

_PACKAGE: Final = "quant_sessions_provider.emulator"


def emulator(  # noqa: PLR0913 - options, given by name
    context: typer.Context,
    *,
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
    quiet: Annotated[bool, typer.Option("--quiet", help="Print no line for each request.")] = False,
) -> None:
    """Run an emulator of the sessions API on this machine, without an account."""
    if context.invoked_subcommand:
        _require_no_options(context)
        return
    package = _emulator_package()
    chosen = {} if seed is None else {"seed": seed}
    faults = package.FaultSetup(latency_ms=latency_ms, rate=fault_rate, **chosen)
    try:
        server = package.EmulatorServer(db, port, faults, None if quiet else _print_request)
    except package.StartError as error:
        fail(str(error))
    line = f"QuantCDN AI sessions emulator: {server.url} (open it in a browser; docs at /docs, data in {db})"
    if fault_rate:
        line += f", failing {fault_rate:.0%} of the requests with --seed {faults.seed}"
    server.run(announce=lambda: typer.echo(line))


def _require_no_options(context: typer.Context) -> None:
    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if source and source.name == "COMMANDLINE":
            raise typer.BadParameter(f"not an option of {context.invoked_subcommand}", param_hint=option.opts[0])


def _print_request(entry: dict[str, Any]) -> None:
    """Print a request to standard error: standard output is for programs that start the emulator."""
    status, fault = entry["status"], entry["fault"]
    took = f"{entry['milliseconds']:7.1f} ms"
    line = f"{time.strftime('%H:%M:%S')}  {entry['method']:<6}  {status or '---'}  {took}  {entry['path']}"
    failed = status is None or status >= HTTPStatus.BAD_REQUEST
    with suppress(OSError):  # whoever read the lines has gone, and requests go on
        typer.secho(f"{line}  (fault: {fault})" if fault else line, fg="yellow" if failed else None, err=True)


def _emulator_package() -> ModuleType:
    try:
        return import_module(_PACKAGE)  # an extra, and slow to import
    except ModuleNotFoundError as error:
        if error.name != _PACKAGE:
            raise
        fail(str(error))
