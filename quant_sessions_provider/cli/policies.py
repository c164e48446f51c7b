"""``quant-sessions policies init``: a policy pack that runs."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final

import typer

from quant_sessions_provider import policy
from quant_sessions_provider.cli.exits import UNUSABLE, fail
from quant_sessions_provider.cli.settings import valid_text

policies = typer.Typer(help="Policies for AI sessions.", no_args_is_help=True)

PROJECT: Final = """\
description: Policies for QuantCDN AI sessions
runtime:
  name: python
  options:
    toolchain: pip
    virtualenv: {virtualenv}
"""
PROGRAM: Final = '''\
"""The policies for AI sessions, as advice. `docs/policies.md` describes their settings."""

# First, since it says in one line if the extra `policy` is not installed.
from quant_sessions_provider.policy import policies  # isort: skip

from pulumi_policy import EnforcementLevel, PolicyPack

PolicyPack("quant-sessions", policies(), enforcement_level=EnforcementLevel.ADVISORY)
'''


def _directory(text: str) -> Path:
    # An unset variable must not fill the current directory.
    return Path(valid_text(text) or "")


@policies.command("init")
def init(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", parser=_directory, help="Directory for the pack, created if missing.")
    ],
) -> None:
    """Write a policy pack: PulumiPolicy.yaml and __main__.py. It runs in the environment of this command."""
    if not all(map(find_spec, policy.PACKAGES)):
        fail(policy.MISSING)
    virtualenv = os.path.relpath(sys.prefix, directory.resolve())
    files = {"PulumiPolicy.yaml": PROJECT.format(virtualenv=virtualenv), "__main__.py": PROGRAM}
    for name in files:
        if (directory / name).exists():
            fail(f"{directory / name} exists already; nothing was written", UNUSABLE)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (directory / name).write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{directory}: {error.strerror}", UNUSABLE)
    typer.echo(f"Try it: pulumi preview --policy-pack {directory}")
