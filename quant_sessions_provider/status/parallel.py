"""Calls a function for many items at once."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


def in_parallel(ask: Callable[[_Item], _Answer], items: Sequence[_Item], *, threads: int) -> list[_Answer]:
    """Return the answers in the order of the items; raise what the first of them raises.

    An interrupt ends it at once: unlike those of a pool, these threads do not keep the process, so ``ask`` must only
    read.
    """
    waiting: SimpleQueue[tuple[Future[_Answer], _Item]] = SimpleQueue()
    futures: list[Future[_Answer]] = [Future() for _ in items]
    for future, item in zip(futures, items, strict=True):
        waiting.put((future, item))
    for _ in range(min(threads, len(items))):
        Thread(target=_work, args=(ask, waiting), daemon=True).start()
    try:
        return [future.result() for future in futures]
    finally:
        _drop_rest(waiting)


def _work(ask: Callable[[_Item], _Answer], waiting: SimpleQueue[tuple[Future[_Answer], _Item]]) -> None:
    with suppress(Empty):
        while True:
            future, item = waiting.get_nowait()
            try:
                future.set_result(ask(item))
            except Exception as error:  # noqa: BLE001 - raised again where the answer is read
                future.set_exception(error)


def _drop_rest(waiting: SimpleQueue[tuple[Future[_Answer], _Item]]) -> None:
    with suppress(Empty):
        while True:
            waiting.get_nowait()
