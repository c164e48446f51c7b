"""``quant-sessions emulator``: an emulator of the API on this machine."""

from __future__ import annotations

import os
import sys
import time
from contextlib import nullcontext, suppress
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from queue import Full, Queue
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from quant_sessions_provider.cli.exits import fail

if TYPE_CHECKING:
    from types import ModuleType

    from typing_extensions import Self

_PACKAGE: Final = "quant_sessions_provider.emulator"
_MOST_WAITING: Final = 1000
_LAST_SECONDS: Final = 1
_END: Final = b""


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
    lines = None if quiet else _Lines()
    try:
        server = package.EmulatorServer(db, port, faults, lines and (lambda entry: lines.add(_line(entry))))
    except package.StartError as error:
        fail(str(error))
    line = f"QuantCDN AI sessions emulator: {server.url} (open it in a browser; docs at /docs, data in {db})"
    if fault_rate:
        line += f", failing {fault_rate:.0%} of the requests with --seed {faults.seed}"
    with lines or nullcontext():
        server.run(announce=lambda: typer.echo(line))


def _require_no_options(context: typer.Context) -> None:
    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if source and source.name == "COMMANDLINE":
            raise typer.BadParameter(f"not an option of {context.invoked_subcommand}", param_hint=option.opts[0])


class _Lines:
    """Writes lines to standard error in a thread: no request waits for whoever reads them, or does not.

    It bypasses :data:`sys.stderr`, whose lock a blocked thread would hold when Python ends.
    """

    def __init__(self) -> None:
        self._waiting: Queue[bytes] = Queue(_MOST_WAITING)

    def add(self, line: str) -> None:
        """Write a line soon; drop it if too many wait."""
        with suppress(Full):
            self._waiting.put_nowait(f"{line}\n".encode())

    def __enter__(self) -> Self:
        """Begin to write."""
        self._thread = Thread(target=self._write, args=(sys.stderr.fileno(),), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Write what waits, within seconds."""
        with suppress(Full):
            self._waiting.put(_END, timeout=_LAST_SECONDS)
            self._thread.join(_LAST_SECONDS)

    def _write(self, descriptor: int) -> None:
        for line in iter(self._waiting.get, _END):
            with suppress(OSError):  # whoever read the lines has gone
                os.write(descriptor, line)


def _line(entry: dict[str, Any]) -> str:
    """Return the line for a request. It goes to standard error: programs that start the emulator read the output."""
    status, fault = entry["status"], entry["fault"]
    took = f"{entry['milliseconds']:7.1f} ms"
    line = f"{time.strftime('%H:%M:%S')}  {entry['method']:<6}  {status or '---'}  {took}  {entry['path']}"
    failed = status is None or status >= HTTPStatus.BAD_REQUEST
    whole = f"{line}  (fault: {fault})" if fault else line
    return typer.style(whole, fg="yellow") if failed and os.name == "posix" and sys.stderr.isatty() else whole


def _emulator_package() -> ModuleType:
    try:
        return import_module(_PACKAGE)  # an extra, and slow to import
    except ModuleNotFoundError as error:
        if error.name != _PACKAGE:
            raise
        fail(str(error))
