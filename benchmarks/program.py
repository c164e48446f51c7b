"""The measured Pulumi program: sessions, or resources that do nothing, as many as the environment says."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from benchmarks.workload import FIRST_MINUTES, GROUP, LATER, LATER_MINUTES, METADATA, OPENING, user

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from quant_sessions_provider import Session
    from quant_sessions_provider.native import Session as PluginSession


def declare(mine: Callable[[Iterable[str]], Iterable[str]] = iter) -> None:
    """Declare all resources, or those of the users that ``mine`` returns."""
    extended, appended = "BENCH_EXTENDED" in os.environ, "BENCH_APPENDED" in os.environ
    minutes = LATER_MINUTES if extended else FIRST_MINUTES
    messages = [*OPENING, *LATER] if appended else [*OPENING]
    declare_one = _resource(os.environ["BENCH_CONTESTANT"])
    for name in mine(map(user, range(int(os.environ["BENCH_SESSIONS"])))):
        declare_one(name, minutes, messages)


def _resource(contestant: str) -> Callable[[str, int, list[Any]], object]:
    """Return what declares a resource. Each contestant imports only what it needs."""
    if contestant == "floor":
        from benchmarks.floor import FloorSession  # noqa: PLC0415 - none must pay for another

        return FloorSession
    if contestant == "floor of the plugin":
        from benchmarks.floor_plugin import FloorResource  # noqa: PLC0415 - likewise

        return FloorResource
    if contestant == "plugin":
        from quant_sessions_provider.native import Session as PluginSession  # noqa: PLC0415 - likewise

        return _session(PluginSession)
    from quant_sessions_provider import Session  # noqa: PLC0415 - likewise

    return _session(Session)


def _session(resource: type[Session | PluginSession]) -> Callable[[str, int, list[Any]], object]:
    return lambda name, minutes, messages: resource(
        name,
        user_id=name,
        session_group=GROUP,
        expiration_minutes=minutes,
        messages=messages,
        metadata=METADATA,
    )
