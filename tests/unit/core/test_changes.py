from __future__ import annotations

from typing import Any

import pytest

from quant_sessions_provider.core.model import UNKNOWN
from tests.support.fakes import A, B, C, at, change
from tests.unit.core.lifetimes import applied

OPEN = {"role": "user", "content": UNKNOWN}
SYSTEM = {"role": "system", "content": "Help."}


@pytest.mark.parametrize(
    ("changes", "changed", "replacing"),
    [
        ({}, [], []),
        ({"userId": "b"}, ["userId"], ["userId"]),
        ({"sessionGroup": UNKNOWN}, ["sessionGroup"], ["sessionGroup"]),
        ({"organization": "b", "userId": "b"}, ["userId", "organization"], ["userId", "organization"]),
        ({"expirationMinutes": 90, "expiresAt": at(39)}, ["expirationMinutes", "expiresAt"], []),
        ({"expiresAt": "2026-11-24T13:09:00.000+01:00"}, [], []),
        ({"expiresAt": UNKNOWN}, ["expiresAt"], []),
        ({"renewBeforeMinutes": 5, "onExpired": "ignore"}, ["renewBeforeMinutes", "onExpired"], []),
        ({"metadata": {"flag": True}}, ["metadata"], []),
        ({"metadata": {"flag": UNKNOWN}, "status": UNKNOWN}, ["metadata", "status"], []),
        ({"messages": [A, B, C]}, ["messages"], []),
        ({"messages": [A]}, ["messages"], ["messages"]),
        ({"messages": UNKNOWN}, ["messages"], ["messages"]),
        ({"baseUrl": "elsewhere", "title": "t"}, [], []),
    ],
)
def test_moved_and_replacing_properties(changes: dict[str, Any], changed: list[str], replacing: list[str]) -> None:
    outputs = applied(at(9), userId="a", organization="a", messages=[A, B], metadata={"flag": 1}, baseUrl="here")
    new = {key: value for key, value in outputs.items() if key != "baseUrl"} | changes
    assert change(outputs, new).moved == changed
    assert change(outputs, new).replaces == replacing


@pytest.mark.parametrize(
    ("key", "replacing"), [("sessionGroup", ["sessionGroup"]), ("messages", ["messages"]), ("metadata", [])]
)
def test_a_removed_property_has_moved(key: str, replacing: list[str]) -> None:
    outputs = applied(at(9), sessionGroup="g", messages=[A], metadata={})
    new = {name: value for name, value in outputs.items() if name != key}
    assert change(outputs, new).moved == [key]
    assert change(outputs, new).replaces == replacing


@pytest.mark.parametrize(
    ("before", "after", "appended"),
    [
        (None, None, []),
        (None, [A], [A]),
        ([A], [A, B, C], [B, C]),
        ([A], [A], []),
        ([A, B], [B], None),
        ([A, B], [B, A], None),
        ([A], [B], None),
        ([A], [A, SYSTEM], None),
        (None, [SYSTEM], None),
        ([SYSTEM], [SYSTEM, A], [A]),
        ([A], None, None),
        # An unknown value may be a change: the plan assumes the worst.
        ([A], [A, UNKNOWN], None),
        ([A], [UNKNOWN, B], None),
        ([A], [A, OPEN], [OPEN]),
    ],
)
def test_only_new_user_and_assistant_messages_at_the_end_are_appended(
    before: list[Any] | None, after: list[Any] | None, appended: list[Any] | None
) -> None:
    old, new = ({} if messages is None else {"messages": messages} for messages in (before, after))
    assert change(old, new).appended == appended
