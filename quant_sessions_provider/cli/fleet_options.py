"""Options of the commands of fleets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from quant_sessions_provider.cli.settings import valid_text
from quant_sessions_provider.fleet.shards import in_slice, named

if TYPE_CHECKING:
    from quant_sessions_provider.fleet.definition import Definition

FAILED: Final = "failed"

File = Annotated[Path, typer.Argument(help="Fleet file.", show_default=False)]
Scheduler = Annotated[
    str | None,
    typer.Option(
        callback=valid_text, help="Address of a Dask scheduler: tcp://HOST:8786.", show_default="this machine"
    ),
]
Only = Annotated[str | None, typer.Option(callback=valid_text, help="Only these shards: 0007,0012.")]
OnlyOrFailed = Annotated[
    str | None,
    typer.Option(
        "--only",
        callback=valid_text,
        help="Only these shards: 0007,0012; or failed: those whose last run was not a whole one of this command,"
        " or did not succeed.",
    ),
]
Slice = Annotated[
    str | None, typer.Option("--shards", callback=valid_text, help="Only a slice of the shards, such as 3/16.")
]
DeleteOrphans = Annotated[
    bool, typer.Option("--delete-orphans", help="Delete what killed runs created and no state has, unless talked to.")
]
DeadHosts = Annotated[
    list[str] | None,
    typer.Option("--dead-host", help="A machine that is gone: locks of its runs are broken. Can be repeated."),
]
Passed = Annotated[
    list[str] | None,
    typer.Option("--pass", metavar="VARIABLE", help="Send this variable to the workers. Can be repeated."),
]
Save = Annotated[
    Path | None,
    typer.Option(help="Also write each shard's preview to this directory, for `quant-sessions report`."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one line of JSON for each shard, and one at the end.")]


def numbers_of(definition: Definition, only: str | None, part: str | None) -> list[int]:
    """Return the shards that the command line names.

    Raises:
        ConfigurationError: they are not shards of this fleet.

    """
    found = [*range(definition.shards)] if only is None else named(only, definition.shards)
    taken = in_slice(part) if part else None
    return [number for number in found if taken is None or taken(number)]
