"""Creates a session as declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.describe import possible_orphans, short_grant
from quant_sessions_provider.core.errors import AnswerLostError, ApiError, HalfDoneError, QuantSessionsError
from quant_sessions_provider.core.expiry import first_lifetime
from quant_sessions_provider.core.model import Key
from quant_sessions_provider.core.state import StoredState
from quant_sessions_provider.operations.requests import present, send_update

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from quant_sessions_provider.core.model import Properties
    from quant_sessions_provider.core.settings import Settings
    from quant_sessions_provider.operations.api import CreatedSession, SessionsApi
    from quant_sessions_provider.operations.inspect import Inspector


class Creator:
    """Creates sessions; ``say`` is given a session's id and a sentence for people."""

    def __init__(
        self,
        api: SessionsApi,
        inspector: Inspector,
        settings: Settings,
        say: Callable[[str, str], None],
        now: Callable[[], datetime],
    ) -> None:
        self._api, self._inspector, self._settings, self._say, self._now = api, inspector, settings, say, now

    def create(self, inputs: Properties) -> tuple[str, Properties]:
        """Create the session; if a second request must complete it and fails, the error says what was created."""
        sent = self._now()
        try:
            created = self._post(inputs, sent)
            session_id = _required_id(created)
        except (ApiError, AnswerLostError) as error:
            raise self._ambiguous_create(error, inputs, sent) from error
        state = StoredState(session_id, self._outputs(inputs, created))
        outputs = state.outputs if inputs[Key.STATUS] == "active" else self._complete(state)
        for sentence in short_grant(outputs, state.expiry):
            self._say(session_id, sentence)
        return session_id, outputs

    def _post(self, inputs: Properties, now: datetime) -> CreatedSession:
        return self._api.create(
            inputs[Key.ORGANIZATION],
            user_id=inputs[Key.USER_ID],
            session_group=inputs.get(Key.SESSION_GROUP),
            metadata=inputs.get(Key.METADATA),
            expiration_minutes=first_lifetime(inputs, now),
            initial_messages=inputs.get(Key.MESSAGES),
        )

    def _outputs(self, inputs: Properties, created: CreatedSession) -> Properties:
        return inputs | present(
            {
                Key.GRANTED_EXPIRES_AT: created.expires_at,
                Key.CREATED_AT: created.created_at,
                Key.BASE_URL: self._settings.base_url,
                Key.EXPIRED: False,
            }
        )

    def _ambiguous_create(
        self, error: ApiError | AnswerLostError, inputs: Properties, sent: datetime
    ) -> QuantSessionsError:
        """Name the sessions that an attempt may have made, since it is not retried; a refused one made none."""
        if not error.maybe_applied:
            return error
        orphans = possible_orphans(self._inspector.created_since(inputs, sent))
        return AnswerLostError(f"{error}; sent at {timestamps.render(sent)}. {orphans}")

    def _complete(self, state: StoredState) -> Properties:
        try:
            return state.outputs | send_update(self._api, state, {"status": state.get(Key.STATUS)})
        except QuantSessionsError as error:
            created = f"{error}; session {state.id} was created"
            raise HalfDoneError(
                f"{created}: the next `pulumi up` completes it",
                state.id,
                state.outputs | {Key.STATUS: "active"},
                unrecorded=f"{created}, but is not in state: delete it by its id",
            ) from error


def _required_id(created: CreatedSession) -> str:
    if not created.session_id:
        raise AnswerLostError("creating the session: the API's response has no sessionId")
    return created.session_id
