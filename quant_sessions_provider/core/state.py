"""A session as state holds it: its id, its outputs, and until when it lives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.model import Key

if TYPE_CHECKING:
    from datetime import datetime

    from quant_sessions_provider.core.model import Properties

GRANT_TOLERANCE: Final = timedelta(minutes=15)
"""A grant further than this from what was asked is meant so by the API; less is clock skew."""


@dataclass(frozen=True)
class Expiry:
    """Until when a session was asked to live, and until when the API granted it; None where that is not known."""

    asked: datetime | None
    granted: datetime | None

    @classmethod
    def of(cls, outputs: Properties) -> Expiry:
        """Read it from outputs; a value that is no timestamp is not known."""
        return cls(*(timestamps.parse_or_none(outputs.get(key)) for key in (Key.EXPIRES_AT, Key.GRANTED_EXPIRES_AT)))

    @property
    def known(self) -> datetime | None:
        """Until when it lives as far as is known: as asked, or as granted where that is far from it."""
        if self.asked is None or self.granted is None:
            return self.asked or self.granted
        return self.granted if abs(self.granted - self.asked) > GRANT_TOLERANCE else self.asked

    @property
    def granted_less(self) -> bool:
        """Whether the API granted less than was asked for, by more than clock skew."""
        known = self.known
        return known is not None and self.asked is not None and known < self.asked

    def passed(self, now: datetime) -> bool:
        """Return whether the known expiry has passed."""
        known = self.known
        return known is not None and known <= now


@dataclass(frozen=True)
class StoredState:
    """A session as state holds it. ``outputs`` hold every input as it was applied.

    Its timestamps are parsed once, however many decisions need them.
    """

    id: str
    outputs: Properties

    @cached_property
    def expiry(self) -> Expiry:
        """Until when it lives."""
        return Expiry.of(self.outputs)

    @property
    def organization(self) -> str:
        """Whose account holds it; empty if state has none."""
        organization: str = self.outputs.get(Key.ORGANIZATION, "")
        return organization

    @property
    def is_completed(self) -> bool:
        """Whether its status is ``completed``."""
        return bool(self.outputs.get(Key.STATUS) == "completed")

    def get(self, key: str, default: object = None) -> Any:  # noqa: ANN401 - a property value
        """Return an output."""
        return self.outputs.get(key, default)
