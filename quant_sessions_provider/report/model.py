"""A preview as a reviewer reads it: one row for each session, and what is lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from quant_sessions_provider.core.losses import Loss


@dataclass(frozen=True)
class Row:
    """What the run would do with one session.

    ``until`` is a timestamp, or words where there is none; ``loss`` is a conversation that ends with the run; ``moved``
    are the inputs that the engine says changed.
    """

    name: str
    urn: str
    id: str
    action: str
    reason: str
    until: datetime | str
    loss: Loss | None = None
    moved: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """All sessions, the worst first; every other resource only counts, by operation.

    ``unlisted`` is the number of unchanged resources, sessions among them, that a preview without ``--show-sames``
    leaves out.
    """

    stack: str
    rows: list[Row]
    others: dict[str, int]
    unlisted: int
    errors: list[str]
    failed: bool

    @property
    def losses(self) -> list[Loss]:
        """The conversations that end with the run."""
        return [row.loss for row in self.rows if row.loss]
