"""Why the engine deletes a session.

It does not say so. What can be told apart was tried on the engine: within one run it checks and compares what is
replaced before it deletes it; it compares, without a check, what it deletes before something that this depends on is
replaced. For a resource that was removed or is destroyed, it makes no calls beyond those of a refresh.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

REPLACED: Final = "replaced"
DELETED_BEFORE_DEPENDENCY: Final = "deleted before a resource that it depends on is replaced"
REMOVED: Final = "no longer declared by its name, or destroyed"


class DeleteReasons:
    """What the engine asked in this process, which serves one run; safe to share between threads."""

    def __init__(self) -> None:
        self._checked: set[str] = set()
        self._refreshed: set[str] = set()
        self._known: dict[str, str] = {}

    def check(self, urn: str) -> None:
        """Note that the program declares a resource."""
        self._checked.add(urn)

    def read(self, urn: str) -> None:
        """Note that a refresh begins, whose own comparison is the next."""
        self._refreshed.add(urn)

    def diff(self, urn: str, session_id: str, replaces: Sequence[str], *, in_plan: bool) -> None:
        """Note which of a session's properties replace it, in a plan or without a check before."""
        refreshed = urn in self._refreshed
        self._refreshed.discard(urn)
        if in_plan:
            # Also by its id: under an alias it is deleted by another URN than it was checked by.
            self._known[session_id] = f"{REPLACED}: {', '.join(replaces)} changed" if replaces else REPLACED
        elif replaces and not refreshed:
            self._known[session_id] = DELETED_BEFORE_DEPENDENCY

    def of(self, urn: str, session_id: str) -> str:
        """Return why a session is deleted, as far as is known."""
        return self._known.get(session_id) or (REPLACED if urn in self._checked else REMOVED)
