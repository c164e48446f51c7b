"""Requests that more than one operation sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quant_sessions_provider.core.errors import AnswerLostError, ApiError, ForbiddenError, RefusedError
from quant_sessions_provider.operations.api import tells_nothing

if TYPE_CHECKING:
    from quant_sessions_provider.core.model import Properties
    from quant_sessions_provider.core.state import StoredState
    from quant_sessions_provider.operations.api import SessionsApi
    from quant_sessions_provider.operations.inspect import Inspector


def send_update(api: SessionsApi, state: StoredState, body: dict[str, Any]) -> Properties:
    """Send an update; return the outputs that its answer tells.

    An answer that tells nothing stands if the session is there.
    """
    answer = api.update(state.organization, state.id, **body)
    if tells_nothing(answer):
        api.get(state.organization, state.id)
    return present(totalMessages=answer.total_messages, totalTokens=answer.total_tokens, updatedAt=answer.updated_at)


def delete(api: SessionsApi, inspector: Inspector, state: StoredState) -> None:
    """Delete a session, at the second attempt if need be.

    After an error, or an answer that tells nothing, a GET tells whether it is gone: DELETE itself does not.
    """
    try:
        if not tells_nothing(api.delete(state.organization, state.id)):
            return
    except ForbiddenError:
        raise
    except (ApiError, AnswerLostError):
        pass
    if inspector.find(state) is not None:
        _delete_again(api, inspector, state)


def _delete_again(api: SessionsApi, inspector: Inspector, state: StoredState) -> None:
    if tells_nothing(api.delete(state.organization, state.id)) and inspector.find(state) is not None:
        raise RefusedError(f"session {state.id} is not deleted: the API answers as if it were, and still has it")


def present(**values: Any) -> Properties:  # noqa: ANN401 - whatever the API told
    """Return the values that the API told."""
    return {key: value for key, value in values.items() if value is not None}
