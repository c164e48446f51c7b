"""Requests that more than one operation sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quant_sessions_provider.core.errors import AnswerLostError, ApiError, ForbiddenError

if TYPE_CHECKING:
    from quant_sessions_provider.core.model import Properties
    from quant_sessions_provider.core.state import StoredState
    from quant_sessions_provider.operations.api import SessionsApi
    from quant_sessions_provider.operations.inspect import Inspector


def send_update(api: SessionsApi, state: StoredState, body: dict[str, Any]) -> Properties:
    """Send an update; return the outputs that its answer tells."""
    answer = api.update(state.organization, state.id, **body)
    return present(totalMessages=answer.total_messages, totalTokens=answer.total_tokens, updatedAt=answer.updated_at)


def delete(api: SessionsApi, inspector: Inspector, state: StoredState) -> None:
    """Delete a session. After an error a GET tells whether it is gone, since DELETE itself does not."""
    try:
        api.delete(state.organization, state.id)
    except ForbiddenError:
        raise
    except (ApiError, AnswerLostError):
        if inspector.find(state) is not None:
            api.delete(state.organization, state.id)


def present(**values: Any) -> Properties:  # noqa: ANN401 - whatever the API told
    """Return the values that the API told."""
    return {key: value for key, value in values.items() if value is not None}
