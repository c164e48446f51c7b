"""Requests that more than one operation sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quant_sessions_provider.core.errors import (
    AnswerLostError,
    ApiError,
    ForbiddenError,
    QuantSessionsError,
    RefusedError,
)
from quant_sessions_provider.core.model import Key
from quant_sessions_provider.operations.api import is_empty

if TYPE_CHECKING:
    from quant_sessions_provider.core.model import Properties
    from quant_sessions_provider.core.state import StoredState
    from quant_sessions_provider.operations.api import SessionsApi, StoredSession
    from quant_sessions_provider.operations.inspect import Inspector


def send_update(api: SessionsApi, state: StoredState, body: dict[str, Any]) -> Properties:
    """Send an update; return the outputs in its response. If that is empty, a GET must find the session."""
    answer = api.update(state.organization, state.id, **body)
    if is_empty(answer):
        api.get(state.organization, state.id)
    return present(
        {
            Key.TOTAL_MESSAGES: answer.total_messages,
            Key.TOTAL_TOKENS: answer.total_tokens,
            Key.UPDATED_AT: answer.updated_at,
        }
    )


def delete(api: SessionsApi, inspector: Inspector, state: StoredState) -> None:
    """Delete a session, at the second attempt if need be.

    After an error or an empty response, a GET shows whether it is gone.
    """
    if _attempt_to_delete(api, state) is None or inspector.find(state) is None:
        return
    doubt = _attempt_to_delete(api, state)
    # The first attempt may have taken effect meanwhile.
    if doubt is not None and inspector.find(state) is not None:
        raise doubt


def _attempt_to_delete(api: SessionsApi, state: StoredState) -> QuantSessionsError | None:
    """Send a DELETE; return why it may not have taken effect, or None."""
    try:
        empty = is_empty(api.delete(state.organization, state.id))
    except ForbiddenError:
        raise
    except (ApiError, AnswerLostError) as error:
        return error
    if not empty:
        return None
    return RefusedError(f"session {state.id} is not deleted: the API reported success but still returns it")


def as_read(outputs: Properties, found: StoredSession, base_url: str) -> Properties:
    """Return a session's outputs with what a GET returned."""
    return outputs | present(
        {
            Key.BASE_URL: base_url,
            Key.TITLE: found.title,
            Key.MODEL: found.model,
            Key.CREATED_AT: found.created_at,
            Key.TOTAL_MESSAGES: None if found.messages is None else len(found.messages),
            Key.EXPIRED: False,
        }
    )


def present(values: Properties) -> Properties:
    """Return the values that are not None."""
    return {key: value for key, value in values.items() if value is not None}
