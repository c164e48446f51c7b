"""The Pulumi CLI: the oldest version that is tested, and running it."""

from __future__ import annotations

import os
import subprocess
from typing import Final

OLDEST_CLI: Final = "3.259.0"
"""The oldest Pulumi CLI with which the provider is tested."""


def output_of(*command: str, seconds: float, stdin: str = "") -> str:
    """Run a command without a terminal, with ``stdin`` as its input; return its standard output.

    Raises:
        subprocess.SubprocessError: the command failed, or took longer than ``seconds``.
        OSError: there is no such program.
        ValueError: its output is not text.

    """
    return subprocess.run(  # noqa: S603 - no shell reads the arguments
        command,
        env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=seconds,
        check=True,
    ).stdout
