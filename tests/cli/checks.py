"""Reads the checks that `quant-sessions doctor --json` prints."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Result

Checks = dict[str, dict[str, str]]


def checks(result: Result) -> Checks:
    """Return the checks by name, addresses by the start of what was seen."""
    found: list[dict[str, str]] = json.loads(result.out)["checks"]
    return {check["seen"].split(":  ")[0] if check["name"] == "address" else check["name"]: check for check in found}


def address(found: Checks, url: str) -> dict[str, str]:
    (one,) = [check for check in found.values() if check["name"] == "address" and url in check["seen"]]
    return one


def sees(check: dict[str, str], verdict: str, seen: str, advice: str = "") -> bool:
    assert check["verdict"] == verdict, check
    assert seen in check["seen"]
    assert advice in check["advice"]
    return True
