"""Run programs under Pulumi's own mocks."""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.runtime import mocks

if TYPE_CHECKING:
    from collections.abc import Callable


class Mocks(mocks.Mocks):
    """Returns the inputs and what the API would add. Records declarations and lookups.

    ``answers`` are the results of lookups, in order.
    """

    def __init__(self, *answers: Any) -> None:  # noqa: ANN401 - anything that a test may pass
        self.declared: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._answers = list(answers)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.declared[args.name] = args.inputs
        return args.resource_id or f"{args.name}-id", {**args.inputs, "grantedExpiresAt": "2026-11-24T17:00:00Z"}

    def call(self, args: mocks.MockCallArgs) -> Any:  # noqa: ANN401 - as above
        self.asked.append((args.token, args.args))
        return self._answers.pop(0)


def run_mocked(program: Callable[[], Any], mocked: Mocks | None = None, *, preview: bool = False) -> Mocks:
    """Run a program under mocks, without changing the settings of this process."""
    mocked = mocked or Mocks()

    def run() -> None:
        # Pulumi's mocks need an event loop, and newer Pythons do not create one for a thread.
        asyncio.set_event_loop(loop)
        pulumi.runtime.set_mocks(mocked, preview=preview)
        pulumi.runtime.test(program)()  # type: ignore[no-untyped-call] # the SDK's

    loop = asyncio.new_event_loop()
    try:
        copy_context().run(run)
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    return mocked
