"""Reads a list page by page, and notices if an entry may be missing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quant_sessions_provider.operations.api import SessionSummary

PAGE_SIZE: Final = 100
"""The longest page that the API returns."""


class Walk:
    """One way through the pages of a list; ``seen`` are the ids that this one and earlier ones came by."""

    def __init__(self, seen: set[str | None], limit: int | None, offset: int) -> None:
        self._seen, self._limit, self._offset = seen, limit, offset
        self._own: set[str | None] = set()
        self._seam: str | None = None
        self.goes_on, self.moved, self.sure = self._left() > 0, False, True

    def _left(self) -> float:
        return math.inf if self._limit is None else self._limit - len(self._seen)

    def window(self) -> dict[str, str]:
        """Return the query of the next page."""
        size = min(PAGE_SIZE, self._left() + bool(self._seam))
        return {"limit": str(size), "offset": str(self._offset)}

    def take(self, page: Sequence[SessionSummary]) -> list[SessionSummary]:
        """Return what is new in a page, as much as is wanted."""
        ids = {session.id for session in page}
        more = bool(ids - self._own)
        if self._seam is not None:
            self.moved = not page or page[0].id != self._seam
        elif self._own and page:
            # The page before held one entry, which no other page could overlap with.
            self.moved, self.sure = not more, False
        self._own |= ids
        fresh = list({session.id: session for session in page if session.id not in self._seen}.values())
        fresh = fresh if self._limit is None else fresh[: self._limit - len(self._seen)]
        self._seen.update(session.id for session in fresh)
        self.goes_on = more and not self.moved and self._left() > 0
        self._seam = page[-1].id if len(page) > 1 else None
        self._offset += max(len(page) - 1, 1)
        return fresh
