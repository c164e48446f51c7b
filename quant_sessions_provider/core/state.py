"""A session as state holds it: its id, its outputs, and until when it lives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.model import Key, is_by_hand, is_whole

if TYPE_CHECKING:
    from datetime import datetime

    from quant_sessions_provider.core.model import Properties

GRANT_TOLERANCE: Final = timedelta(minutes=15)
"""A grant further than this from what was asked is meant so by the API; less is clock skew."""
EXPIRY_OUTPUTS: Final = (Key.EXPIRES_AT, Key.GRANTED_EXPIRES_AT, Key.UNSENT_EXPIRY_SECONDS)
"""The outputs that an :class:`Expiry` is read from."""

_SECRET_KEY: Final = "4dabf18193072939515e22adb298388d"  # noqa: S105 - marks a secret in every Pulumi state


def is_secret(value: object) -> TypeGuard[dict[str, Any]]:
    """Return whether a property is secret as it stands in state, whether or not it was exported in plain text."""
    return isinstance(value, dict) and _SECRET_KEY in value


def holds_encrypted(value: object) -> bool:
    """Return whether a property is secret as it stands in state, or something in it is, and is not in plain text."""
    if is_secret(value):
        return "plaintext" not in value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(holds_encrypted, inner))


def _seconds(count: object) -> timedelta:
    """Return a span of whole seconds; none for what is no count, or too large for any timestamp."""
    try:
        return timedelta(seconds=count) if is_whole(count) else timedelta()
    except OverflowError:
        return timedelta()


@dataclass(frozen=True)
class Expiry:
    """Until when a session is to live, and until when the API granted it; None where that is not known.

    ``unsent`` is by how much the first moved, without a request, since the API was last asked.
    """

    asked: datetime | None
    granted: datetime | None
    unsent: timedelta = timedelta()

    @classmethod
    def of(cls, outputs: Properties) -> Expiry:
        """Read it from outputs; a value that is no timestamp is not known."""
        asked, granted = (
            timestamps.parse_or_none(outputs.get(key)) for key in (Key.EXPIRES_AT, Key.GRANTED_EXPIRES_AT)
        )
        return cls(asked, granted, _seconds(outputs.get(Key.UNSENT_EXPIRY_SECONDS)))

    @cached_property
    def requested(self) -> datetime | None:
        """Until when the API was last asked to let it live."""
        try:
            return None if self.asked is None else self.asked - self.unsent
        except OverflowError:
            return self.asked

    @property
    def known(self) -> datetime | None:
        """Until when it lives as far as is known: as requested, or as granted where that is far from it."""
        if self.requested is None or self.granted is None:
            return self.requested or self.granted
        return self.granted if abs(self.granted - self.requested) > GRANT_TOLERANCE else self.requested

    @property
    def granted_less(self) -> bool:
        """Whether the API granted less than was asked for, by more than clock skew."""
        known = self.known
        return known is not None and self.requested is not None and known < self.requested

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
    def is_by_hand(self) -> bool:
        """Whether its expiry was declared as a timestamp, which may be secret."""
        return is_by_hand(self.outputs)

    @property
    def shown_expiry(self) -> datetime | None:
        """The known expiry as people may read it; None for one that is set by hand, which may be secret."""
        return None if self.is_by_hand else self.expiry.known

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
