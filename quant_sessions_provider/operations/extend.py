"""Extends a session until its planned expiry, wherever the API counts an extension from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.describe import short_grant
from quant_sessions_provider.core.errors import AnswerLostError, ApiError, ClientError, QuantSessionsError, in_doubt
from quant_sessions_provider.core.expiry import lost_by_extension, rest_of_extension
from quant_sessions_provider.core.model import Key, Properties
from quant_sessions_provider.core.state import Expiry
from quant_sessions_provider.operations.requests import present

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from quant_sessions_provider.core.changes import Change
    from quant_sessions_provider.core.state import StoredState
    from quant_sessions_provider.operations.api import SessionsApi


class Grant(NamedTuple):
    """Until when the API says that a session lives: as it wrote it, and as a time."""

    text: str | None
    until: datetime | None


class Extender:
    """Sends extensions; ``say`` is given a session's id and a sentence for people about what the API did with them."""

    def __init__(self, api: SessionsApi, say: Callable[[str, str], None], now: Callable[[], datetime]) -> None:
        self._api, self._say, self._now = api, say, now

    def extend(self, change: Change, outputs: Properties, minutes: int) -> Properties:
        """Extend by whole minutes; return ``outputs`` with what was granted."""
        state, before = change.state, Expiry(change.planned_expiry, change.state.expiry.granted)
        try:
            first = self._extend(state, minutes)
        except (ApiError, AnswerLostError) as error:
            raise in_doubt(error, "The next run extends it again: at worst it lives longer") from error
        grant = self._in_full(state, before, minutes, first)
        # If the response has no expiry, the earlier grant is out of date.
        outdated = (Key.GRANTED_EXPIRES_AT, Key.UNSENT_EXPIRY_SECONDS)
        rest = {key: value for key, value in outputs.items() if key not in outdated}
        outputs = rest | present({Key.GRANTED_EXPIRES_AT: grant.text, Key.EXPIRED: False})
        for sentence in short_grant(outputs, Expiry(before.asked, grant.until)):
            self._say(state.id, sentence)
        return outputs

    def _in_full(self, state: StoredState, before: Expiry, minutes: int, first: Grant) -> Grant:
        """Extend once more where the API counted from now; if that fails, what it granted first still holds.

        If it is refused, the first one may have shortened the session: then that is undone, and nothing happened.
        """
        more = rest_of_extension(before, minutes, first.until, self._now())
        if not more:
            return first
        try:
            return self._extend(state, more)
        except QuantSessionsError as error:
            lost = lost_by_extension(before, minutes, first.until)
            if isinstance(error, ClientError) and lost and self._restored(state, lost):
                raise
            why = "the API counts an extension from now; the second extension failed"
            self._say(state.id, f"{why}: {error}")
            return first

    def _restored(self, state: StoredState, minutes: int) -> bool:
        try:
            self._extend(state, minutes)
        except QuantSessionsError:
            return False
        return True

    def _extend(self, state: StoredState, minutes: int) -> Grant:
        text = self._api.extend(state.organization, state.id, additional_minutes=minutes).expires_at
        return Grant(text, timestamps.parse_or_none(text))
