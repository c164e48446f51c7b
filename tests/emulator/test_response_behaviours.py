"""Behaviours that change what a response looks like, and not what is stored."""

from typing import Any
from uuid import UUID

import pytest

from tests.emulator.calls import ORGANISATION, create_id, extend, get, listed, put, refused, stored
from tests.support.emulator_server import Emulator

USER = {"role": "user", "content": "Hello"}
CONVERSATION = [
    {"role": "system", "content": "Be brief."},
    USER,
    {"role": "assistant", "content": " Good\r\nday\t\n"},
    {"role": "user", "content": "Cafe\u0301"},
]
NORMALIZED = [*CONVERSATION[:2], CONVERSATION[2] | {"content": "Good\nday"}, CONVERSATION[3] | {"content": "Caf\u00e9"}]


@pytest.mark.parametrize(
    ("view", "shown"),
    [
        ("verbatim", CONVERSATION),
        ("normalized", NORMALIZED),
        ("withoutSystem", CONVERSATION[1:]),
        ("window", CONVERSATION[2:]),
        ("summary", [{"role": "system", "content": "Summary of 2 earlier messages"}, *CONVERSATION[2:]]),
        ("newestFirst", CONVERSATION[::-1]),
    ],
)
def test_views_of_messages(odd: Emulator, view: str, shown: list[Any]) -> None:
    odd.behave(messages=view)
    session_id = create_id(odd, initialMessages=CONVERSATION[:2])
    assert put(odd, session_id, {"newMessages": CONVERSATION[2:]}).json()["totalMessages"] == 4
    assert get(odd, session_id).json()["messages"] == shown
    assert stored(odd, session_id)["messages"] == CONVERSATION
    odd.reset_behaviours()
    assert get(odd, session_id).json()["messages"] == CONVERSATION


@pytest.mark.parametrize(("window", "count"), [(1, 1), (3, 3), (4, 4), (5, 4)])
def test_the_length_of_a_window(odd: Emulator, window: int, count: int) -> None:
    session_id = create_id(odd, initialMessages=CONVERSATION)
    odd.behave(messages="window", messageWindow=window)
    assert get(odd, session_id).json()["messages"] == CONVERSATION[4 - count :]
    odd.behave(messages="summary", messageWindow=window)
    assert len(get(odd, session_id).json()["messages"]) == min(window + 1, 4)


@pytest.mark.parametrize("view", ["normalized", "withoutSystem", "window", "summary", "newestFirst"])
def test_views_keep_messages_of_another_shape(odd: Emulator, view: str) -> None:
    session_id, shapes = create_id(odd), [None, {"role": ["system"], "content": [" x "]}]
    odd.tamper(ORGANISATION, session_id, shapes)
    odd.behave(messages=view)
    assert get(odd, session_id).json()["messages"] in (shapes, shapes[::-1])


def test_another_id_than_the_requested_one(odd: Emulator) -> None:
    session_id = create_id(odd, initialMessages=[USER])
    odd.behave(returnedId="upperCase")
    assert get(odd, session_id).json()["id"] == session_id.upper() != session_id
    odd.behave(returnedId="other")
    shown = get(odd, session_id).json()
    assert UUID(shown["id"]) != UUID(session_id)
    assert shown["messages"] == [USER]
    assert get(odd, session_id).json() == shown
    assert listed(odd)[0] == put(odd, session_id, {}).json()["sessionId"] == session_id


def test_no_content(odd: Emulator) -> None:
    odd.behave(noContent=True)
    session_id = create_id(odd)
    refused(put(odd, session_id, {"tokensUsed": -1}), 400)
    updated = put(odd, session_id, {"newMessages": [USER]})
    assert (updated.status_code, updated.content, updated.headers.get("content-length")) == (204, b"", None)
    assert stored(odd, session_id)["messages"] == [USER]
    assert extend(odd, session_id).json()["sessionId"] == session_id
    deleted = odd.api("DELETE", ORGANISATION, f"/{session_id}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    refused(get(odd, session_id), 404)
    refused(odd.api("DELETE", ORGANISATION, f"/{session_id}"), 500)


def test_short_pages(odd: Emulator) -> None:
    odd.behave(maxPageSize=2)
    ids = [create_id(odd, "pages") for _ in range(5)][::-1]
    assert [listed(odd, "pages", limit=100, offset=offset) for offset in (0, 2, 4, 5)] == [
        ids[:2],
        ids[2:4],
        ids[4:],
        [],
    ]
    assert listed(odd, "pages", limit=1) == ids[:1]
