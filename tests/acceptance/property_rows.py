"""Changes of each property, and what they must show and send."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.minutes import extends
from tests.support.sentences import NOTHING_LOST

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.minutes import Late

SYSTEM = {"role": "system", "content": "Be brief."}
HELLO = {"role": "user", "content": "Hello"}
REPLY = {"role": "assistant", "content": "Hi, how can I help?"}


@dataclass(frozen=True)
class Row:
    """A change, and what it must show and send. In paths, ``ID`` is the session's id."""

    before: dict[str, Any]
    after: dict[str, Any]
    changes: dict[str, str]
    sent: list[tuple[str, str, Any]]
    said: str | Callable[[Late], str] | None = None
    keys: list[str] = field(default_factory=list)
    loss: str | None = None


def _replaced(body: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """Return the requests of a replacement: a GET to count the messages, then POST before DELETE."""
    return [("GET", "/ID", None), ("POST", "", body), ("DELETE", "/ID", None)]


ROWS = {
    "untouched": Row({}, {}, {}, []),
    "raised": Row(
        {"expiration_minutes": 60},
        {"expiration_minutes": 120},
        {"expirationMinutes": "update", "expiresAt": "update"},
        [("PUT", "/ID/extend", {"additionalMinutes": 60})],
        extends(59, by=60),
    ),
    "lowered": Row(
        {"expiration_minutes": 120},
        {"expiration_minutes": 60},
        {"expirationMinutes": "update"},
        [],
        "cannot be shortened: lives on until",
    ),
    "user": Row(
        {"user_id": "before", "messages": [SYSTEM, HELLO]},
        {"user_id": "after", "messages": [SYSTEM, HELLO]},
        {"userId": "update", "expiresAt": "update"},
        _replaced({"userId": "after", "expirationMinutes": 60, "initialMessages": [SYSTEM, HELLO]}),
        keys=["userId"],
        loss=f"userId changed: {NOTHING_LOST} (2 declared ones start again)",
    ),
    "group": Row(
        {"session_group": "staging"},
        {"session_group": "production"},
        {"sessionGroup": "update", "expiresAt": "update"},
        _replaced({"userId": "group", "sessionGroup": "production", "expirationMinutes": 60}),
        keys=["sessionGroup"],
        loss=f"sessionGroup changed: {NOTHING_LOST}",
    ),
    "ungrouped": Row(
        {"session_group": "staging"},
        {},
        {"sessionGroup": "delete", "expiresAt": "update"},
        _replaced({"userId": "ungrouped", "expirationMinutes": 60}),
        keys=["sessionGroup"],
        loss=f"sessionGroup changed: {NOTHING_LOST}",
    ),
    "appended": Row(
        {"messages": [SYSTEM]},
        {"messages": [SYSTEM, HELLO, REPLY]},
        {"messages[1]": "add", "messages[2]": "add"},
        [("GET", "/ID", None), ("PUT", "/ID", {"newMessages": [HELLO, REPLY]})],
        "appends 2 messages",
    ),
    "rewritten": Row(
        {"messages": [SYSTEM]},
        {"messages": [{"role": "system", "content": "Be thorough."}]},
        {"messages[0].content": "update", "expiresAt": "update"},
        _replaced(
            {
                "userId": "rewritten",
                "expirationMinutes": 60,
                "initialMessages": [{"role": "system", "content": "Be thorough."}],
            }
        ),
        keys=["messages"],
        loss=f"messages changed: {NOTHING_LOST}",
    ),
    "shortened": Row(
        {"messages": [SYSTEM, HELLO]},
        {"messages": [SYSTEM]},
        {"messages[1]": "delete", "expiresAt": "update"},
        _replaced({"userId": "shortened", "expirationMinutes": 60, "initialMessages": [SYSTEM]}),
        keys=["messages"],
        loss=f"messages changed: {NOTHING_LOST}",
    ),
    "system-added": Row(
        {"messages": [HELLO]},
        {"messages": [HELLO, SYSTEM]},
        {"messages[1]": "add", "expiresAt": "update"},
        _replaced({"userId": "system-added", "expirationMinutes": 60, "initialMessages": [HELLO, SYSTEM]}),
        keys=["messages"],
        loss=f"messages changed: {NOTHING_LOST}",
    ),
    "metadata": Row(
        {"metadata": {"team": "red", "user_id": 1}},
        {"metadata": {"team": "blue", "user_id": 1}},
        {"metadata.team": "update"},
        [("PUT", "/ID", {"metadata": {"team": "blue", "user_id": 1}})],
        "sends its metadata",
    ),
    "metadata-gone": Row(
        {"metadata": {"team": "red"}},
        {},
        {"metadata": "delete"},
        [("PUT", "/ID", {"metadata": {}})],
        "sends its metadata without 1 key (the API does not state whether it drops old ones)",
    ),
    "completed": Row(
        {},
        {"status": "completed"},
        {"status": "update"},
        [("PUT", "/ID", {"status": "completed"})],
        "completes it",
    ),
    "reopened": Row(
        {"status": "completed"},
        {"status": "active"},
        {"status": "update"},
        [("PUT", "/ID", {"status": "active"})],
        "reopens it",
    ),
    "renewal": Row(
        {},
        {"renew_before_minutes": 10},
        {"renewBeforeMinutes": "add"},
        [],
        "nothing is sent",
    ),
    "policy": Row(
        {},
        {"on_expired": "error"},
        {"onExpired": "update"},
        [],
        "nothing is sent",
    ),
    "together": Row(
        {"messages": [SYSTEM]},
        {"messages": [SYSTEM, HELLO], "metadata": {"a": 1}, "status": "completed"},
        {"messages[1]": "add", "metadata": "add", "status": "update"},
        [
            ("GET", "/ID", None),
            ("PUT", "/ID", {"newMessages": [HELLO], "metadata": {"a": 1}, "status": "completed"}),
        ],
        "appends 1 message; sends its metadata; completes it",
    ),
    "append-and-extend": Row(
        {"messages": [SYSTEM]},
        {"messages": [SYSTEM, HELLO], "expiration_minutes": 90},
        {"messages[1]": "add", "expirationMinutes": "update", "expiresAt": "update"},
        [
            ("GET", "/ID", None),
            ("PUT", "/ID", {"newMessages": [HELLO]}),
            ("PUT", "/ID/extend", {"additionalMinutes": 30}),
        ],
        extends(59, by=30, first="appends 1 message; "),
    ),
}
