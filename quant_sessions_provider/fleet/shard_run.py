"""Runs one shard: the stack of a project on disk, by the Pulumi CLI in processes of its own."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from pulumi.automation.errors import CommandError

import quant_sessions_provider
from quant_sessions_provider.core import settings as config
from quant_sessions_provider.core.errors import ConfigurationError, QuantSessionsError
from quant_sessions_provider.fleet.keeping import kept
from quant_sessions_provider.fleet.model import Never, Result, ShardError, interrupted
from quant_sessions_provider.fleet.recovery import Recovery
from quant_sessions_provider.fleet.stack import Done, LockedError, ShardStack, without_password
from quant_sessions_provider.pulumi_command import reason_of
from quant_sessions_provider.report.preview import read

if TYPE_CHECKING:
    from quant_sessions_provider.core.settings import Settings
    from quant_sessions_provider.fleet.model import Job, Outcome, Stop

LOCK_PATIENCE: Final = 75.0
"""Seconds; a run that is asked to end takes at most 70, unless ``timeoutSeconds`` is longer than its default."""
_LOOK_SECONDS: Final = 2.0
_BREAKS_NONE: Final = "its stack is being created, and a preview breaks no locks"
_COMES_BACK: Final = "its lock was broken, and is there again"


def run_shard(job: Job, stop: Stop | None = None) -> Result:
    """Run a shard; what an earlier run that was killed has left is put right first.

    Raises:
        ShardError: Pulumi could not run it, and another try may.

    """
    began = time.monotonic()
    with TemporaryDirectory(prefix="quant-sessions-fleet-") as folder:
        try:
            _require_same_version(job)
            result = _run(job, Path(folder), stop or Never())
        except (CommandError, LockedError) as error:
            raise ShardError(_line_of(error)) from None
        except QuantSessionsError as error:
            result = Result(job.shard, job.stack, "failed", error=str(error))
    return replace(result, seconds=time.monotonic() - began)


def _require_same_version(job: Job) -> None:
    own = quant_sessions_provider.__version__
    if job.version != own:
        raise ConfigurationError(f"its worker has version {own} of this package, not {job.version}")


def settings_of(job: Job) -> Settings:
    """Return the settings that the sessions of a shard are created with, as far as its fleet and this machine say.

    Raises:
        ConfigurationError: one is malformed.

    """
    return config.load(job.fleet.config.get, {**os.environ, **job.environment})


def _run(job: Job, folder: Path, stop: Stop) -> Result:
    settings = settings_of(job)
    stack = ShardStack(job, folder, settings, stop)
    if stop.asked():
        return interrupted(job)
    if job.options.unfinished and not stack.is_unfinished():
        return Result(job.shard, job.stack, "skipped")
    if job.verb == "keep":
        return kept(stack)
    recovery = Recovery(stack, settings)
    result = _result(stack, _carried_out(stack, recovery))
    return replace(result, notes=tuple(recovery.notes))


def _result(stack: ShardStack, done: Done) -> Result:
    outcome: Outcome = "done"
    losses, error = _losses(done.document) if stack.job.verb == "preview" and not done.error else (None, done.error)
    if error:
        outcome = "interrupted" if stack.stop.asked() else "failed"
    return Result(
        stack.job.shard,
        stack.job.stack,
        outcome,
        sessions=done.ran.sessions,
        changes=done.ran.changes,
        error=error,
        losses=losses,
        document=done.document,
    )


def _carried_out(stack: ShardStack, recovery: Recovery) -> Done:
    try:
        return _recovered(stack, recovery)
    except (ShardError, LockedError, CommandError) as error:
        # Another try would not say what this one did, and one that was asked to end is not tried again.
        if not (recovery.notes or stack.stop.asked()):
            raise
        return Done(error=_line_of(error))


def _line_of(error: Exception) -> str:
    return without_password(reason_of(error) if isinstance(error, CommandError) else str(error))


def _losses(document: str) -> tuple[int | None, str]:
    """Return how many conversations a previewed run would end, or why nobody can tell."""
    try:
        return len(read(json.loads(document), datetime.now(timezone.utc)).losses), ""
    except ValueError as error:
        return None, f"its preview cannot be read: {error}"


def _recovered(stack: ShardStack, recovery: Recovery) -> Done:
    """Carry out the verb, and again where what a killed run has left had to be put right."""
    end, again = time.monotonic() + LOCK_PATIENCE, False
    while True:
        try:
            done = stack.run()
        except LockedError as locked:
            _see_to_lock(stack, recovery, locked, late=time.monotonic() > end)
            continue
        if again or not done.ran.pending or stack.job.verb == "preview" or stack.stop.asked():
            return done
        recovery.of_pending()
        again = True


def _see_to_lock(stack: ShardStack, recovery: Recovery, locked: LockedError, *, late: bool) -> None:
    # A preview locks nothing but the creation of its stack.
    why = _BREAKS_NONE if stack.job.verb == "preview" else recovery.why_it_stays(locked)
    if (why or recovery.notes) and (late or stack.stop.asked()):
        raise ShardError(why or _COMES_BACK) from None
    if why:
        time.sleep(_LOOK_SECONDS)
    else:
        recovery.of_locked(locked.locks)
