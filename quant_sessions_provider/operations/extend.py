"""Extends a session until the planned moment, wherever the API counts an extension from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quant_sessions_provider.core import lifecycle
from quant_sessions_provider.core.describe import short_grant
from quant_sessions_provider.core.errors import AnswerLostError, ApiError, ClientError, QuantSessionsError, in_doubt
from quant_sessions_provider.core.model import Properties, by_state_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from quant_sessions_provider.operations.api import SessionsApi


class Extender:
    """Sends extensions; ``say`` is given lines for people about what the API did with them."""

    def __init__(self, api: SessionsApi, say: Callable[[str], None], now: Callable[[], datetime]) -> None:
        self._api, self._say, self._now = api, say, now

    def extend(self, session_id: str, outputs: Properties, minutes: int) -> Properties:
        """Extend by whole minutes; ``outputs`` hold the planned moment, and what was granted before."""
        try:
            first = self._granted(session_id, outputs, minutes)
        except (ApiError, AnswerLostError) as error:
            raise in_doubt(error, "The next run extends it again: at worst it lives longer") from error
        granted = self._in_full(session_id, outputs, minutes, first)
        # Without an answer's word for it, the earlier grant says nothing any more.
        rest = {key: value for key, value in outputs.items() if key != "grantedExpiresAt"}
        result = rest | by_state_key({"granted_expires_at": granted, "expired": False})
        for line in short_grant(session_id, result):
            self._say(line)
        return result

    def _in_full(self, session_id: str, outputs: Properties, minutes: int, granted: str | None) -> str | None:
        """Extend once more where the API counted from now; if that fails, what it granted first still holds.

        If it is refused, the first one may have shortened the session: then that is undone, and nothing happened.
        """
        more = lifecycle.rest_of_extension(outputs, minutes, granted, self._now())
        if not more:
            return granted
        try:
            return self._granted(session_id, outputs, more)
        except QuantSessionsError as error:
            lost = lifecycle.lost_by_extension(outputs, minutes, granted)
            if isinstance(error, ClientError) and lost and self._restored(session_id, outputs, lost):
                raise
            why = "the API counts an extension from now; asking for the rest failed"
            self._say(f"session {session_id}: {why}: {error}")
            return granted

    def _restored(self, session_id: str, outputs: Properties, minutes: int) -> bool:
        try:
            self._granted(session_id, outputs, minutes)
        except QuantSessionsError:
            return False
        return True

    def _granted(self, session_id: str, outputs: Properties, minutes: int) -> str | None:
        answer = self._api.extend(outputs.get("organization", ""), session_id, additional_minutes=minutes)
        return answer.expires_at
