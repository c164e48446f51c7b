"""The line above a table, the remarks below, and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from quant_sessions_provider.core.losses import Loss
from quant_sessions_provider.status.model import HIDDEN, Seen
from quant_sessions_provider.status.view import as_json, next_run, remarks, title
from tests.support.statuses import NOW, session, status, workshop

if TYPE_CHECKING:
    from quant_sessions_provider.status.model import StackSession

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:x"}

GONE = "gone before its expiry: `pulumi refresh` drops it from state, then `pulumi up` creates it again"


def test_the_title_counts_and_names_what_is_common() -> None:
    what, _, counts = title(workshop()).partition(": ")
    assert what == "12 sessions of stack main, group workshop, 2026-03-02 12:00Z"
    assert counts == "7 alive, 2 expired, 1 completed, 1 gone, 1 unknown"
    apart = session("a", sessionGroup="one"), session("b", sessionGroup="two")
    alone = title(status(*((one, Seen("alive")) for one in apart), asked=False))
    assert alone == ("2 sessions of stack main, 2026-03-02 12:00Z, as its state has it; the API was not asked: 2 alive")


def test_secret_groups_may_differ() -> None:
    hidden = session("a", sessionGroup=SECRET), session("b", sessionGroup=SECRET)
    assert HIDDEN not in title(status(*((one, Seen("alive")) for one in hidden)))


def test_remarks_are_grouped() -> None:
    assert remarks(workshop()) == [
        "workshop-grace: replacing it loses 13 messages",
        f"workshop-karen: {GONE}",
        "workshop-linus: reading it: the API returned 503: Service unavailable",
    ]


def test_only_a_run_that_would_stop_now_says_why() -> None:
    due, later = session("desk", -5, onExpired="error"), session("later", 5, onExpired="error")
    (line,) = remarks(status((due, Seen("expired")), (later, Seen("alive"))))
    assert line.startswith("desk: the run stops: it expired at 2026-03-02T11:55:00Z and onExpired is error: `pulumi up")


@pytest.mark.parametrize(
    ("one", "life", "words"),
    [
        (session("it", 42), "alive", "recreates 12:42Z"),
        (session("it", 42, renewBeforeMinutes=15), "alive", "renews 12:27Z"),
        (session("it", 42, renewBeforeMinutes=45), "alive", "renews now"),
        (session("it", 42, renewBeforeMinutes=45), "gone", "stops now"),
        (session("it", -2), "alive", "renews now"),
        (session("it", -2, onExpired="error"), "expired", "stops now"),
        (session("it", -2, onExpired="ignore"), "expired", "-"),
        (session("it", 42, pendingReplacement=True), "alive", "creates now"),
        (session("it", 42, delete=True), "alive", "deletes now"),
        (session("it", 42, grantedExpiresAt=SECRET), "alive", "?"),
    ],
)
def test_the_next_run_in_words(one: StackSession, life: str, words: str) -> None:
    (row,) = status((one, Seen(life))).rows  # type: ignore[arg-type] # one of its words
    assert next_run(row, NOW) == words


def test_json_has_all_of_it() -> None:
    one = session("it", 42, renewBeforeMinutes=15, userId=SECRET, messages=[{"role": "user", "content": "Hi"}])
    whole = as_json(status((one, Seen("alive", messages=3, loss=Loss(2)))))
    assert whole == {
        "stack": "main",
        "at": "2026-03-02T12:00:00Z",
        "asked": True,
        "sessions": [
            {
                "name": "it",
                "urn": one.urn,
                "id": one.id,
                "user": "[secret]",
                "group": None,
                "pendingDeletion": False,
                "status": "alive",
                "why": None,
                "expiresAt": "2026-03-02T12:42:00Z",
                "minutesLeft": 42,
                "messages": {"declared": 1, "live": 3},
                "next": {"at": "2026-03-02T12:27:00Z", "kind": "renewed", "minutes": 45, "why": None},
            }
        ],
        "notes": [],
    }


def test_a_decrypted_time_is_reckoned_with_and_not_shown() -> None:
    opened = {key: SECRET[key] for key in SECRET if key != "ciphertext"} | {"plaintext": '"2026-03-02T12:42:00Z"'}
    found = status((session("launch", expiresAt=opened, expirationMinutes=60), Seen("alive", messages=1)))
    (row,) = found.rows
    assert row.next
    assert (next_run(row, NOW), "12:42" in str(as_json(found))) == ("?", False)


def test_a_secret_time_is_neither_shown_nor_reckoned_with() -> None:
    one = session("launch", 42, expiresAt=SECRET, grantedExpiresAt="2031-05-05T05:05:05Z")
    found = status((one, Seen("alive", messages=1)))
    (entry,) = as_json(found)["sessions"]
    assert (entry["expiresAt"], entry["minutesLeft"], entry["next"]) == (None, None, None)
    assert remarks(found) == ["launch: expiresAt is secret, so what comes next is not known"]
