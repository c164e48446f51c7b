"""Runs that must be refused before anything is sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from quant_sessions_provider import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.emulator_server import Emulator
    from tests.support.engine import Run, Stack

PROBLEM = re.compile("^(pulumi-python:dynamic/quant|quant-sessions:index):Session resource 'bad' has a problem: ")
SECRETIVE = "declared-text"


def preview(stack: Stack, emulator: Emulator, **declared: Any) -> Run:  # noqa: ANN401 - invalid values
    return run_refused(stack, emulator, lambda: declared)


def run_refused(stack: Stack, emulator: Emulator, declare: Callable[[], dict[str, Any]]) -> Run:
    emulator.clear()
    stack.program = lambda: (Session("bad", **{"user_id": "u", **declare()}), None)[1]
    run = stack.preview()
    assert run.failed
    assert "Traceback" not in run.text
    assert SECRETIVE not in run.text
    assert emulator.requests() == []
    return run


def problems(run: Run) -> list[str]:
    return sorted(PROBLEM.sub("", text) for text in run.said("bad"))
