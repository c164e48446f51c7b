"""What a plan changes: which inputs moved, and which of them replace the session."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.messages import messages_to_append
from quant_sessions_provider.core.model import INPUTS, REPLACING, Key, contains_unknown, same
from quant_sessions_provider.core.paths import differ_at, parse

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from quant_sessions_provider.core.model import Properties
    from quant_sessions_provider.core.state import StoredState


@dataclass(frozen=True)
class Change:
    """The difference between a stored session and new inputs; each property is computed once."""

    state: StoredState
    new: Properties
    ignores_expiry: bool = False
    """Whether the program ignores changes of ``expiresAt``: then nothing is due for it."""

    @cached_property
    def planned_expiry(self) -> datetime | None:
        """The new ``expiresAt``; None where it is not declared or not known yet."""
        return timestamps.parse_or_none(self.new.get(Key.EXPIRES_AT))

    @cached_property
    def moved(self) -> list[str]:
        """The inputs that moved, in the order of the property table."""
        return [key for key in INPUTS if self._differs(key)]

    def _differs(self, key: str) -> bool:
        outputs, new = self.state.outputs, self.new
        if (key in outputs) != (key in new):
            return True
        if key not in new:
            return False
        if contains_unknown(new[key]):
            return True
        if key == Key.EXPIRES_AT:
            return not timestamps.same(self.state.expiry.asked, self.planned_expiry)
        return not same(outputs[key], new[key])

    @cached_property
    def appended(self) -> list[Any] | None:
        """The messages to append; None if the declared list cannot be reached by appending."""
        return messages_to_append(self.state.get(Key.MESSAGES, []), self.new.get(Key.MESSAGES, []))

    @cached_property
    def replaces(self) -> list[str]:
        """The moved inputs that a session cannot take over in place."""
        fixed = [key for key in self.moved if key in REPLACING]
        return [*fixed, Key.MESSAGES] if Key.MESSAGES in self.moved and self.appended is None else fixed

    def moved_at(self, paths: Sequence[str]) -> list[str]:
        """Return the moved inputs that differ at any of some paths, or beneath it."""
        parsed = [path for path in map(parse, paths) if path]
        before, after = self.state.outputs, self.new
        sides = {key: [{key: side[key]} if key in side else {} for side in (before, after)] for key in self.moved}
        return [key for key, (old, new) in sides.items() if any(differ_at(path, old, new) for path in parsed)]

    @cached_property
    def raised_by(self) -> int:
        """Minutes by which the lifetime grew, negative if it was lowered; 0 if either is not known or not declared."""
        before, after = self.state.get(Key.EXPIRATION_MINUTES), self.new.get(Key.EXPIRATION_MINUTES)
        return after - before if isinstance(before, int) and isinstance(after, int) else 0

    @property
    def leaves_expiry_open(self) -> bool:
        """Whether the new expiry is not known yet, and may turn out to need the session."""
        return contains_unknown(self.new.get(Key.EXPIRES_AT)) and not self.completes

    @property
    def completes(self) -> bool:
        """Whether the session is or becomes completed."""
        return bool(self.new.get(Key.STATUS) == "completed")
