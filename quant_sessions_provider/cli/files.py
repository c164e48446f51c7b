"""Reads the output of other programs; unusable input is one line and exit code 2."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, NoReturn

from quant_sessions_provider.cli.exits import UNUSABLE, fail

if TYPE_CHECKING:
    from pathlib import Path


def read_json(file: Path) -> object:
    """Return the JSON in a file, or in standard input for ``-``; in UTF-8, -16 or -32, as shells redirect it."""
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        unusable(file, error.strerror or "cannot be read")
    try:
        found: object = json.loads(content)
    except (ValueError, RecursionError):
        unusable(file, "not JSON" if content.strip() else "empty: the command before it may have failed")
    return found


def unusable(file: Path, why: str) -> NoReturn:
    """Exit with one line that says why a file cannot be used."""
    fail(f"{'standard input' if str(file) == '-' else file}: {why}", UNUSABLE)
