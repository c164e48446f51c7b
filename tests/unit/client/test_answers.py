from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from quant_sessions_provider.client.answers import parse_answer
from quant_sessions_provider.operations.api import (
    CreatedSession,
    DeletedSession,
    ExtendedSession,
    SessionSummary,
    StoredSession,
    UpdatedSession,
)

# The answers as the API description spells them: POST and PUT in camelCase, GET and list in snake_case.
ANSWERS: list[tuple[type[Any], dict[str, object]]] = [
    (CreatedSession, {"sessionId": "s", "expiresAt": "e", "createdAt": "c"}),
    (StoredSession, {"id": "s", "title": "t", "model": "m", "messages": [{"any": 1}], "created_at": "c"}),
    (SessionSummary, {"id": "s", "title": "t", "model": "m", "created_at": "c", "updated_at": "u"}),
    (
        UpdatedSession,
        {"sessionId": "s", "status": "completed", "totalMessages": 2, "totalTokens": 7, "updatedAt": "u"},
    ),
    (ExtendedSession, {"expiresAt": "e"}),
    (DeletedSession, {"message": "gone"}),
]


def spelled(word: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in word)


@pytest.mark.parametrize(("kind", "body"), ANSWERS)
def test_an_answer_is_read_in_both_spellings_and_without_what_it_lacks(
    kind: type[Any], body: dict[str, object]
) -> None:
    snake = {spelled(key): value for key, value in body.items()}
    assert asdict(parse_answer(kind, body)) == asdict(parse_answer(kind, snake)) == snake
    assert asdict(parse_answer(kind, snake | {"unheard_of": 1})) == snake
    nothing = dict.fromkeys(snake)
    assert asdict(parse_answer(kind, {})) == asdict(parse_answer(kind, nothing)) == nothing


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        (CreatedSession, [], "not an object"),
        (CreatedSession, None, "not an object"),
        (CreatedSession, {"sessionId": 7}, "field session_id is not a string"),
        (StoredSession, {"messages": "many"}, "field messages is not a list"),
        (UpdatedSession, {"totalMessages": True}, "field total_messages is not a whole number"),
        (UpdatedSession, {"total_tokens": 1.5}, "field total_tokens is not a whole number"),
    ],
)
def test_a_field_of_another_type_is_named(kind: type[Any], body: object, text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text}$"):
        parse_answer(kind, body)
