"""Filter the caller's variables for the demo and the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CREDENTIALS = "QUANTCDN_"
ENGINE = "PULUMI_"


def without(environ: Mapping[str, str], *prefixes: str) -> dict[str, str]:
    """Return a copy without the variables that begin with one of the prefixes."""
    return {name: value for name, value in environ.items() if not name.startswith(prefixes)}
