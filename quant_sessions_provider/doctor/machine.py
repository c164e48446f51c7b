"""Checks this machine: the Pulumi CLI, Python and the packages."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from importlib import metadata
from typing import Final

from quant_sessions_provider.core.text import one_line
from quant_sessions_provider.doctor.check import Check
from quant_sessions_provider.pulumi_cli import OLDEST_CLI, output_of

_SECONDS: Final = 30
_PACKAGES: Final = ("quant-sessions-provider", "pulumi", "requests", "urllib3", "fastapi")
_INSTALL: Final = "install it from https://www.pulumi.com/docs/iac/download-install/"


def machine_checks() -> list[Check]:
    """Return the checks of this machine; nothing is sent."""
    return [pulumi_cli(), Check("Python", "ok", platform.python_version()), Check("packages", "ok", _packages())]


def pulumi_cli() -> Check:
    """Return the check of the CLI on PATH."""
    found = shutil.which("pulumi")
    if found is None:
        return Check("Pulumi CLI", "problem", "not found on PATH", _INSTALL)
    printed = _version_of(found)
    version = _numbers(printed)
    if not version:
        return Check("Pulumi CLI", "problem", f"{found} does not print a version", _INSTALL)
    seen = f"{one_line(printed)} ({found})"
    if version < _numbers(OLDEST_CLI) or version[0] != _numbers(OLDEST_CLI)[0]:
        return Check("Pulumi CLI", "warning", seen, f"tested with {OLDEST_CLI} and newer of the same major version")
    return Check("Pulumi CLI", "ok", seen)


def _version_of(command: str) -> str:
    try:
        return output_of(command, "version", seconds=_SECONDS).strip()
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", version)
    return tuple(int(part) for part in found.groups()) if found else ()


def _packages() -> str:
    return ", ".join(f"{name} {_installed(name)}" for name in _PACKAGES)


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
