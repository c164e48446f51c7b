"""Puts the sentence on the resource's line, in preview and up, by a hook that runs in the program."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import monitor_supports_feature

from quant_sessions_provider.core.changes import Change
from quant_sessions_provider.core.describe import update_sentence
from quant_sessions_provider.core.state import StoredState
from quant_sessions_provider.dynamic.properties import from_pulumi
from quant_sessions_provider.pulumi_cli import OLDEST_CLI

if TYPE_CHECKING:
    from collections.abc import Mapping

# One a program, not one a session: each is a registration and costs time. A program is an event loop: several may run
# in one process.
_hooks: WeakKeyDictionary[asyncio.AbstractEventLoop, pulumi.ResourceHook] = WeakKeyDictionary()


def announcing_hook() -> pulumi.ResourceHookBinding:
    """Bind a session to the hook of its program.

    Only ``before_update``: with a delete hook a plain ``pulumi destroy`` fails.

    Raises:
        pulumi.RunError: the CLI knows no hooks.

    """
    if not monitor_supports_feature(resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS):
        raise pulumi.RunError(f"this Pulumi CLI knows no resource hooks; the oldest that is tested is {OLDEST_CLI}")
    loop = asyncio.get_event_loop()
    if loop not in _hooks:
        # A preview's line must not stop an update, so errors are warnings.
        options = pulumi.ResourceHookOptions(on_dry_run=True, ignore_errors=True)
        _hooks[loop] = pulumi.ResourceHook("quant-sessions-update", _announce, options)
    return pulumi.ResourceHookBinding(before_update=[_hooks[loop]])


@dataclass(frozen=True)
class _Urn:
    """Stands for an Output: at the end of a program each real one makes Pulumi look through all that are pending."""

    value: str

    async def future(self) -> str:
        return self.value


@dataclass(frozen=True)
class _Line:
    """Stands for a resource where a log message needs one to find its line."""

    urn: _Urn


async def _announce(args: pulumi.ResourceHookArgs) -> None:
    outputs, new = await _plain(args.old_outputs or {}), await _plain(args.new_inputs or {})
    text = update_sentence(args.name, Change(StoredState("", outputs), new), datetime.now(timezone.utc))
    line: Any = _Line(_Urn(args.urn))
    pulumi.log.info(text, line)


async def _plain(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Await what is secret: the sentence counts messages, and repeats none."""
    return from_pulumi({key: await _awaited(value) for key, value in properties.items()})


async def _awaited(value: Any) -> Any:  # noqa: ANN401 - a property value
    return await value.future(with_unknowns=True) if isinstance(value, pulumi.Output) else value
