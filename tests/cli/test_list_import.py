"""``quant-sessions list --import``; that Pulumi takes what it prints is tested on the engine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from quant_sessions_provider.cli.import_file import import_file
from tests.cli.conftest import ORGANIZATION

if TYPE_CHECKING:
    from tests.cli.conftest import Command
    from tests.support.emulator_server import Emulator

FIRST, SECOND = "6488304f-fe7e-41e4-a0c3-dbbf9de9b794", "7488304f-fe7e-41e4-a0c3-dbbf9de9b794"
TYPE = "quant-sessions:index:Session"
LATE = "2099-01-02T00:00:00Z"


def names(user: str, group: str | None, *ids: str) -> list[str]:
    return [str(one["name"]) for one in import_file("acme", user, group, ids)["resources"]]


def test_it_prints_what_import_takes_of_the_sessions_that_the_filters_leave(account: Emulator, run: Command) -> None:
    owner = {"userId": "a/b ü", "sessionGroup": "shop", "expiresAt": LATE}
    account.seed(ORGANIZATION, FIRST, **owner, model="small", createdAt="2099-01-01T10:01:00Z")
    account.seed(ORGANIZATION, SECOND, **owner, model="small", createdAt="2099-01-01T10:02:00Z")
    account.seed(ORGANIZATION, "large", **owner, model="large")
    account.seed(ORGANIZATION, "other", **owner | {"userId": "bob"}, model="small")
    result = run("list", "--import", "--user", "a/b ü", "--group", "shop", "--model", "small")
    assert json.loads(result.out) == {
        "resources": [
            {"type": TYPE, "name": "shop-a-b-u-7488304f", "id": f"acme/a%2Fb%20%C3%BC/shop/{SECOND}"},
            {"type": TYPE, "name": "shop-a-b-u-6488304f", "id": f"acme/a%2Fb%20%C3%BC/shop/{FIRST}"},
        ]
    }
    assert (result.code, result.error) == (0, "")


def test_what_is_not_for_programs_goes_to_standard_error(account: Emulator, run: Command) -> None:
    for session_id in (FIRST, SECOND):
        account.seed(ORGANIZATION, session_id, userId="ada", sessionGroup="shop", expiresAt=LATE)
    result = run("list", "--import", "--user", "ada", "--limit", "1")
    (entry,) = json.loads(result.out)["resources"]
    assert entry["id"].startswith("acme/ada//")
    assert result.error.splitlines() == [
        "Without --group they are imported as sessions of no group. List those of a group by it.",
        "More than 1 session: raise --limit to see them.",
    ]


def test_nothing_to_import_is_an_empty_list(account: Emulator, run: Command) -> None:
    result = run("list", "--import", "--user", "ada", "--group", "shop")
    assert (result.code, json.loads(result.out), result.error) == (0, {"resources": []}, "")
    assert account.requests()[0]["query"]["userId"] == "ada"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--import"], "needs --user, since the API does not return whose session it is"),
        (["--import", "--group", "shop"], "needs --user"),
        (["--import", "--user", "ada", "--json"], "excludes --json"),
    ],
    ids=["nobody", "a-group", "json"],
)
def test_whose_sessions_must_be_said(account: Emulator, run: Command, flags: list[str], words: str) -> None:
    result = run("list", *flags)
    assert (result.code, result.out) == (2, "")
    assert "--import" in result.error
    assert words in " ".join(result.error.split())
    assert account.requests() == []


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (names("ada", None, FIRST), ["ada-6488304f"]),
        (names("Ada Lovelace", "shop/EU", FIRST), ["shop-eu-ada-lovelace-6488304f"]),
        (names("Zoë", None, FIRST), ["zoe-6488304f"]),
        (names("世界", None, FIRST), ["session-6488304f"]),
        (names("42", None, FIRST), ["session-42-6488304f"]),
        (names("世界", None, "abc"), ["abc"]),
        (names("世界", None, "世"), ["session"]),
        (names("ada", None, "session-1", "session-2"), ["ada-session-1", "ada-session-2"]),
        (names("ada", None, "a_b", "a-b"), ["ada-a-b-1", "ada-a-b-2"]),
    ],
    ids=ascii,
)
def test_names_are_unique_and_fit_every_language(found: list[str], expected: list[str]) -> None:
    assert found == expected
