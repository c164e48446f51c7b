"""Previews until it is known what may run: first the whole stack, and targets alone where something else waits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core.urns import name_of
from quant_sessions_provider.keep.decide import due_in, plan
from quant_sessions_provider.keep.model import Plan, RunError
from quant_sessions_provider.keep.state import later
from quant_sessions_provider.report.preview import NoPreviewError, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quant_sessions_provider.keep.model import Clock, Engine, View
    from quant_sessions_provider.report.model import Report

_FAILS: Final = "the preview fails: "
_NO_REASON: Final = "the preview failed"


class Planner:
    """Previews a stack; nothing is changed."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    def plan(self, view: View, due: Sequence[str]) -> Plan:
        """Return what of the due sessions may run, and what else waits in the stack.

        A run of exactly those was previewed, and does nothing else.

        Raises:
            RunError: there was no preview, or it failed for all.

        """
        whole, errors = self._preview(view, ())
        if whole.all_may_run and not errors:
            return whole
        # An error ends a preview, so that what comes after it is not seen; and what is only known after a change that
        # waits is known to a run without that change.
        failed = {urn: why for urn, why in whole.failed.items() if urn in due}
        targeted = self._targeted(view, [urn for urn in due if urn not in failed])
        seen = {*targeted.run, *targeted.waiting, *targeted.failed, *failed}
        others = {urn: f"{_FAILS}{why}" for urn, why in whole.failed.items()} | whole.waiting
        waiting = {urn: why for urn, why in others.items() if urn not in seen} | targeted.waiting
        elsewhere = [*filter(None, [whole.elsewhere]), *(f"{_FAILS}{error}" for error in errors)]
        return Plan(targeted.run, waiting, failed | targeted.failed, "; ".join(elsewhere))

    def _targeted(self, view: View, targets: Sequence[str]) -> Plan:
        """Return what may run of some URNs: without what waits or fails, until nothing else is left."""
        waiting: dict[str, str] = {}
        failed: dict[str, str] = {}
        while targets:
            found, whole = self._preview(view, targets)
            if whole:
                raise RunError("; ".join(whole))
            if found.all_may_run:
                return replace(found, waiting=waiting, failed=failed)
            others = {urn: why for urn, why in found.failed.items() if urn not in targets}
            if others:
                raise RunError("; ".join(f"{_FAILS}{name_of(urn)}: {why}" for urn, why in others.items()))
            left = {**found.waiting, **found.failed}
            strays = [*(name_of(urn) for urn in left.keys() - {*targets}), *filter(None, [found.elsewhere])]
            if strays:
                found = self._without_culprits(view, targets, strays)
                left = {**found.waiting, **found.failed}
            waiting |= found.waiting
            failed |= found.failed
            targets = [urn for urn in targets if urn not in left]
        return Plan(waiting=waiting, failed=failed)

    def _without_culprits(self, view: View, targets: Sequence[str], strays: Sequence[str]) -> Plan:
        """Return which of some targets wait or fail, since they change strays together: those that do so alone, or all.

        The others are then previewed together once more.
        """
        parts = [self._targeted(view, [urn]) for urn in targets] if len(targets) > 1 else []
        if 0 < sum(len(part.run) for part in parts) < len(targets):
            waiting = {urn: why for part in parts for urn, why in part.waiting.items()}
            return Plan(waiting=waiting, failed={urn: why for part in parts for urn, why in part.failed.items()})
        return Plan(waiting=dict.fromkeys(targets, f"a run of it alone also changes {', '.join(strays)}"))

    def _preview(self, view: View, targets: Sequence[str]) -> tuple[Plan, list[str]]:
        """Return what a preview plans, and its errors that are about no session."""
        report = self._read(self._engine.preview(targets))
        now = later(view, self._clock.now())
        errors = report.errors
        if report.failed and not errors and not any(row.action == "error" for row in report.rows):
            errors = [_NO_REASON]
        # A session may have become due meanwhile.
        return plan(now, due_in(now), report), errors

    def _read(self, document: object) -> Report:
        try:
            return read(document, self._clock.now())
        except NoPreviewError as error:
            raise RunError(str(error)) from error
