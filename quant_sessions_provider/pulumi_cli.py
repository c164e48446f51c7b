"""The Pulumi CLI: the oldest one that serves, and running it for what is beside the provider's line."""

from __future__ import annotations

import os
import subprocess
from typing import Final

OLDEST_CLI: Final = "3.259.0"
"""The oldest Pulumi CLI whose hooks run in previews as measured."""


def answer_of(*command: str, seconds: float) -> str:
    """Run a command of the CLI that asks nobody anything; what it wrote on standard output.

    Raises:
        subprocess.SubprocessError: it failed, or took more than so many seconds.
        OSError: there is no such program.
        ValueError: what it wrote is no text.

    """
    return subprocess.run(  # noqa: S603 - each argument is one, whatever it is; no shell reads them
        command,
        env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=True,
    ).stdout
