"""Runs the shards of a fleet on any executor, and says what came of each as it ends."""

from __future__ import annotations

import os
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import partialmethod
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core import settings as config
from quant_sessions_provider.core.errors import ConfigurationError
from quant_sessions_provider.core.text import one_line
from quant_sessions_provider.fleet.definition import read
from quant_sessions_provider.fleet.model import Job, Options, Result, ShardError, interrupted
from quant_sessions_provider.fleet.record import require_known, require_same_shards
from quant_sessions_provider.fleet.shard_run import run_shard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Executor

    from quant_sessions_provider.fleet.definition import Definition
    from quant_sessions_provider.fleet.model import Switch, Verb

_SHARDS_A_PROCESSOR: Final = 2
"""A run waits for the API as long as it works."""
_LOOK_SECONDS: Final = 0.2
_LOST: Final = "its scheduler or its workers were lost; run it again"


class LocalSwitch:
    """Asks the shards that run in this process to end."""

    def __init__(self) -> None:
        self._event = Event()

    def asked(self) -> bool:
        """Return whether to end."""
        return self._event.is_set()

    def ask(self) -> None:
        """Ask for the end."""
        self._event.set()

    def has_nobody(self) -> bool:
        """Return False: the threads of this process end as it does."""
        return False


class _Asked:
    """Ends what runs before the first shard, when a run is to end."""

    def __init__(self, ends: Callable[[], bool]) -> None:
        self.asked = ends


def slots_of(fleet: Definition) -> int:
    """Return how many shards of a fleet run at the same time on this machine."""
    return min(fleet.parallel or _SHARDS_A_PROCESSOR * (os.cpu_count() or 1), fleet.shards)


class Fleet:
    """A fleet, whose verbs run its shards. ``environment`` is added to that of whatever process runs a shard."""

    def __init__(self, definition: Definition, environment: Mapping[str, str] | None = None) -> None:
        self.definition, self._environment = definition, dict(environment or {})

    @classmethod
    def load(cls, file: str | Path, environment: Mapping[str, str] | None = None) -> Fleet:
        """Return the fleet that a file defines.

        Raises:
            ConfigurationError: the file cannot be used; names the key and the rule.

        """
        return cls(read(Path(file)), environment)

    def run(  # noqa: PLR0913 - one parameter a choice
        self,
        verb: Verb,
        executor: Executor | None = None,
        *,
        shards: Iterable[int] | None = None,
        slots: int | None = None,
        options: Options | None = None,
        switch: Switch | None = None,
        heard: Callable[[Result], None] = lambda _: None,
        ends: Callable[[], bool] = lambda: False,
    ) -> list[Result]:
        """Run a verb on all shards, or on some; return what came of each, in the order in which they ended.

        Args:
            verb: up, preview, refresh, destroy or keep.
            executor: where shards run; threads of this process by default. Any other one must be able to send jobs to
                its workers, as those of processes and of Dask are.
            shards: the numbers of those to run.
            slots: how many of them run at the same time, among which ``requestsPerSecond`` is divided. By default what
                suits this machine; on another executor, which nobody can ask, as many as there are.
            options: what else is to be done.
            switch: asks the begun ones to end; only needed for other executors, whose workers must be able to read it.
            heard: is given each result as it comes.
            ends: returns whether to end, as after a Ctrl-C: what is begun is finished, and nothing else is begun.

        Raises:
            ConfigurationError: a setting is malformed, the fleet has another number of shards, or its state cannot be
                used; nothing was run.

        """
        settings = config.load(self.definition.config.get, {**os.environ, **self._environment})
        numbers = self._numbers(shards)
        is_new = self._is_new(verb, ends)
        most = slots_of(self.definition) if executor is None else len(numbers)
        at_once = max(1, min(slots or most, len(numbers)))
        rate = None if settings.requests_per_second is None else settings.requests_per_second / at_once
        given = (verb, options or Options(), rate, self._environment, datetime.now(timezone.utc), is_new)
        jobs = [Job(self.definition, number, *given) for number in numbers]
        if ends():
            return [*_heard(map(interrupted, jobs), heard)]
        switch = switch or (LocalSwitch() if executor is None else None)
        with _pool(executor, at_once) as pool:
            futures = {pool.submit(run_shard, job, switch): job for job in jobs}
            try:
                return [*_gathered(futures, heard, lambda waiting: _tell(waiting, switch) if ends() else None)]
            except BaseException:
                if switch:
                    switch.ask()
                raise

    def _numbers(self, shards: Iterable[int] | None) -> list[int]:
        every = range(self.definition.shards)
        numbers = [*every] if shards is None else sorted({*shards})
        if any(number not in every for number in numbers):
            raise ConfigurationError(f"shards must be numbers from 0 to {every[-1]}")
        return numbers

    def _is_new(self, verb: Verb, ends: Callable[[], bool]) -> bool:
        """Return whether no shard ever ran; one that is asked to end may not know."""
        known = (self.definition, self._environment, _Asked(ends))
        try:
            if verb in ("up", "preview"):
                return require_same_shards(*known)
            require_known(*known)
        except ConfigurationError:
            if not ends():
                raise
        return False

    up = partialmethod(run, "up")
    preview = partialmethod(run, "preview")
    refresh = partialmethod(run, "refresh")
    destroy = partialmethod(run, "destroy")
    keep = partialmethod(run, "keep")


@contextmanager
def _pool(executor: Executor | None, slots: int) -> Iterator[Executor]:
    if executor is not None:
        yield executor
        return
    with ThreadPoolExecutor(slots) as pool:
        yield pool


def _heard(results: Iterable[Result], heard: Callable[[Result], None]) -> Iterator[Result]:
    for result in results:
        heard(result)
        yield result


def _tell(waiting: Iterable[Future[Result]], switch: Switch | None) -> None:
    """Pass on that the run is to end."""
    if switch:
        switch.ask()
        if switch.has_nobody():
            for future in waiting:
                future.cancel()


def _gathered(
    futures: Mapping[Future[Result], Job],
    heard: Callable[[Result], None],
    look: Callable[[Iterable[Future[Result]]], None],
) -> Iterator[Result]:
    waiting = dict(futures)
    while waiting:
        ended, _ = wait(waiting, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
        # `wait` does not return what was cancelled before anybody ran it.
        over = [future for future in waiting if future in ended or future.cancelled()]
        yield from _heard((_result_of(future, waiting.pop(future)) for future in over), heard)
        look(waiting)


def _result_of(future: Future[Result], job: Job) -> Result:
    """Return what came of a shard, also where its worker did not live to say it."""
    try:
        return future.result()
    except ShardError as error:
        why = str(error)
    except CancelledError:
        why = _LOST
    except Exception as error:  # noqa: BLE001 - whatever an executor raises for a worker that died
        why = f"its worker failed: {type(error).__name__}: {one_line(str(error))}"
    return Result(job.shard, job.stack, "failed", error=why)
