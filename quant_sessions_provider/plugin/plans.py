"""What the engine asked about each resource in one run: a plan takes several calls, and none tells of another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from quant_sessions_provider.operations.delete_reasons import DeleteReasons

if TYPE_CHECKING:
    from quant_sessions_provider.core.model import Properties
    from quant_sessions_provider.operations.crud import Diff


@dataclass(frozen=True)
class Plan:
    """What a comparison came to."""

    session_id: str
    outputs: Properties
    new: Properties
    decision: Diff


@dataclass
class Plans:
    """By URN; the calls of one resource follow each other, those of several come at the same time."""

    reasons: DeleteReasons = field(default_factory=DeleteReasons)
    _checked: set[str] = field(default_factory=set)
    _imports: set[str] = field(default_factory=set)
    _imported: set[str] = field(default_factory=set)
    _decided: dict[str, Plan] = field(default_factory=dict)
    _kept: dict[str, Plan] = field(default_factory=dict)

    def imports(self, urn: str, session_id: str) -> None:
        """Note that a session is imported: the next check of its resource is of what the program declares."""
        self._imports.add(urn)
        self._imported.add(session_id.casefold())

    def has_imported(self, session_id: str) -> bool:
        """Return whether this run has imported a session."""
        return session_id.casefold() in self._imported

    def check(self, urn: str) -> bool:
        """Note that the next comparison of a resource is of a plan; return whether it has just been imported."""
        self._checked.add(urn)
        self.reasons.check(urn)
        imported = urn in self._imports
        self._imports.discard(urn)
        return imported

    def read(self, urn: str) -> None:
        """Note that a refresh begins, in which nothing is planned."""
        self._checked.discard(urn)
        self.reasons.read(urn)

    def compares(self, urn: str) -> bool:
        """Return whether a comparison is of a plan, and not of a refresh."""
        planned = urn in self._checked
        self._checked.discard(urn)
        return planned

    def decide(self, urn: str, plan: Plan, *, in_plan: bool) -> None:
        """Note what a comparison came to."""
        self.reasons.diff(urn, plan.session_id, plan.decision.replaces, in_plan=in_plan)
        if in_plan and not plan.decision.replaces:
            self._kept[urn] = plan
        if in_plan and plan.decision.changes is not False:
            self._decided[urn] = plan

    def creates(self, urn: str) -> Plan | None:
        """Note that the engine replaces a resource after all; return what the last comparison came to."""
        self._kept.pop(urn, None)
        return self.take(urn)

    def deletes(self, urn: str, session_id: str) -> Plan | None:
        """Return the comparison after which the engine deletes a session before it replaces it, for its own reasons."""
        plan = self._decided.get(urn)
        if plan is None or plan.session_id != session_id or plan.decision.replaces:
            return None
        return self.take(urn)

    def keeps_elsewhere(self, session_id: str, outputs: Properties) -> bool:
        """Return whether another entry of the stack keeps a session, as one that an earlier run imported does.

        What is deleted before it is replaced has the same outputs as when it was compared.
        """
        same_id = [plan for plan in [*self._kept.values()] if plan.session_id.casefold() == session_id.casefold()]
        return any(plan.outputs != outputs for plan in same_id)

    def take(self, urn: str) -> Plan | None:
        """Return what the last comparison came to; None if that was nothing, or there was none."""
        return self._decided.pop(urn, None)
