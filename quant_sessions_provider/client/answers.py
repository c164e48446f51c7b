"""Parses the API's JSON into the answers of the port."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Final, TypeVar

from quant_sessions_provider.core.model import camel, is_whole
from quant_sessions_provider.operations.api import (
    CreatedSession,
    DeletedSession,
    ExtendedSession,
    SessionSummary,
    StoredSession,
    UpdatedSession,
)

AnswerT = TypeVar(
    "AnswerT", CreatedSession, StoredSession, SessionSummary, UpdatedSession, ExtendedSession, DeletedSession
)

_TYPES: Final[dict[str, tuple[str, Callable[[object], bool]]]] = {
    "str": ("a string", lambda value: isinstance(value, str)),
    "int": ("a whole number", is_whole),
    "list[Any]": ("a list", lambda value: isinstance(value, list)),
}


_ID_KEYS: Final = ("sessionId", "session_id", "id")


class OtherIdError(ValueError):
    """The answer is another session's: on its connection, answers and requests no longer match."""


def parse_answer(kind: type[AnswerT], body: object) -> AnswerT:
    """Return an answer, from either spelling; unknown fields are ignored, missing ones are None.

    Raises:
        ValueError: not an object, or a field's type differs from the API description.

    """
    if not isinstance(body, Mapping):
        raise ValueError("not an object")  # noqa: TRY004 - one kind of error for an invalid body
    values: dict[str, Any] = {}
    for field in fields(kind):
        value = body.get(field.name, body.get(camel(field.name)))
        expected, fits = _TYPES[str(field.type).removesuffix(" | None")]
        if value is not None and not fits(value):
            raise ValueError(f"field {field.name} is not {expected}")
        values[field.name] = value
    return kind(**values)


def parse_created(body: object) -> CreatedSession:
    """Return the answer to a creation as :func:`parse_answer` does, if it names the session.

    Raises:
        ValueError: as in :func:`parse_answer`, or there is no id.

    """
    created = parse_answer(CreatedSession, body)
    if not created.session_id:
        raise ValueError("it has no sessionId")
    return created


def reports_failure(body: object) -> bool:
    """Return whether a body says that the request failed, whatever its status; ``status`` is a session's field."""
    if not isinstance(body, Mapping):
        return False
    return bool(body.get("error")) or body.get("success") is False


def parse_answer_for(session_id: str, kind: type[AnswerT], body: object) -> AnswerT:
    """Return an answer as :func:`parse_answer` does, if it is the given session's; ids are compared without case.

    Raises:
        OtherIdError: the body names another session.
        ValueError: as in :func:`parse_answer`.

    """
    ids = [body[key] for key in _ID_KEYS if isinstance(body.get(key), str)] if isinstance(body, Mapping) else []
    # Beside a `sessionId`, an `id` is something else's.
    if ids and ids[0].casefold() != session_id.casefold():
        raise OtherIdError("another session's data")
    return parse_answer(kind, body)
