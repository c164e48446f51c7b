"""The command line, ``quant-sessions``.

A failure is one line on standard error and exit code 1; unusable input is one line and 2. Wrong options are typer's:
usage, and 2.
"""

from __future__ import annotations

from typing import Annotated

import typer

import quant_sessions_provider
from quant_sessions_provider.cli.advance import advance
from quant_sessions_provider.cli.delete import delete
from quant_sessions_provider.cli.doctor import doctor
from quant_sessions_provider.cli.emulator import emulator
from quant_sessions_provider.cli.exits import GuardedGroup
from quant_sessions_provider.cli.extend import extend
from quant_sessions_provider.cli.fleet import fleet
from quant_sessions_provider.cli.keep import keep
from quant_sessions_provider.cli.list import list_sessions
from quant_sessions_provider.cli.policies import policies
from quant_sessions_provider.cli.report import report
from quant_sessions_provider.cli.show import show
from quant_sessions_provider.cli.status import status
from quant_sessions_provider.cli.timeline import timeline

app = typer.Typer(
    cls=GuardedGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
emulator_app = typer.Typer()


def _print_version(*, requested: bool) -> None:
    if requested:
        typer.echo(quant_sessions_provider.__version__)
        raise typer.Exit


@app.callback()
def main(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Look at QuantCDN AI sessions, and at what Pulumi does with them."""


app.command("list")(list_sessions)
app.command("show")(show)
app.command("status")(status)
app.command("extend")(extend)
app.command("delete")(delete)
app.command("keep")(keep)
app.command("report")(report)
app.command("timeline")(timeline)
app.command("doctor")(doctor)
emulator_app.callback(invoke_without_command=True)(emulator)
emulator_app.command("advance")(advance)
app.add_typer(emulator_app, name="emulator")
app.add_typer(fleet, name="fleet")
app.add_typer(policies, name="policies")
