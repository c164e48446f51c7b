"""The measured Pulumi program: sessions, or resources that do nothing, as many as the environment says."""

from __future__ import annotations

import os
from typing import Any

from benchmarks.workload import FIRST_MINUTES, GROUP, LATER, LATER_MINUTES, METADATA, OPENING, user


def declare() -> None:
    """Declare all resources. Each contestant imports only what it needs."""
    extended, appended = "BENCH_EXTENDED" in os.environ, "BENCH_APPENDED" in os.environ
    minutes = LATER_MINUTES if extended else FIRST_MINUTES
    messages = [*OPENING, *LATER] if appended else [*OPENING]
    declare_one = _floor if os.environ["BENCH_CONTESTANT"] == "floor" else _session
    for number in range(int(os.environ["BENCH_SESSIONS"])):
        declare_one(user(number), minutes, messages)


def _session(name: str, minutes: int, messages: list[Any]) -> None:
    from quant_sessions_provider import Session  # noqa: PLC0415 - the floor must not pay for it

    Session(
        name,
        user_id=name,
        session_group=GROUP,
        expiration_minutes=minutes,
        messages=messages,
        metadata=METADATA,
    )


def _floor(name: str, minutes: int, messages: list[Any]) -> None:
    from benchmarks.floor import FloorSession  # noqa: PLC0415 - the provider must not pay for it

    inputs = {
        "userId": name,
        "sessionGroup": GROUP,
        "expirationMinutes": minutes,
        "messages": messages,
        "metadata": METADATA,
        "status": "active",
        "onExpired": "recreate",
    }
    FloorSession(name, inputs)
