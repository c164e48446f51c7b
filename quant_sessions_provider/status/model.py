"""A session of a stack: as its state has it, as it was seen at the API, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from quant_sessions_provider.core.losses import Loss
    from quant_sessions_provider.core.model import Properties
    from quant_sessions_provider.timeline.model import Event, ExportedSession

HIDDEN: Final = "[secret]"
"""What is shown in place of a value that is secret in state."""
Role = Literal["declared", "pending deletion", "read"]
"""How a state has a session: as declared, as one that the next run deletes, or as one that the program only reads."""
Life = Literal["alive", "expired", "gone", "completed", "unknown"]


@dataclass(frozen=True)
class Text:
    """A declared text; ``value`` is None where there is none, or where it is secret and not decrypted."""

    value: str | None = field(repr=False)
    is_secret: bool

    @property
    def shown(self) -> str | None:
        """The text as it may be shown."""
        return HIDDEN if self.is_secret else self.value


@dataclass(frozen=True)
class StackSession:
    """A session in the state of a stack.

    ``outputs`` and ``times`` may hold decrypted secrets. ``times`` is None where they cannot be read, and ``hidden``
    says why. ``shows_times``: no expiry is secret. ``account`` names the provider resource that the program gave the
    session, which may have a token of its own; it is empty for the stack's.
    """

    name: str
    urn: str
    id: str
    role: Role
    user: Text
    group: Text
    outputs: Properties = field(repr=False)
    times: ExportedSession | None
    hidden: str = ""
    shows_times: bool = True
    account: str = ""


@dataclass(frozen=True)
class Seen:
    """A session as it is. ``messages`` counts the live ones, ``loss`` what a recreation would lose of them."""

    life: Life
    why: str = ""
    messages: int | None = None
    loss: Loss | None = None


@dataclass(frozen=True)
class Row:
    """One session, and the next run that does anything to it; None if none does."""

    session: StackSession
    seen: Seen
    next: Event | None


@dataclass(frozen=True)
class Status:
    """All sessions of a stack at one time. ``asked``: the API was, and not state alone.

    ``stack`` is empty where nothing is in the stack.
    """

    stack: str
    at: datetime
    asked: bool
    rows: list[Row]
