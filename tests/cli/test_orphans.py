"""``quant-sessions list --orphans``: live sessions of a stack's users and groups that its state does not know."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from quant_sessions_provider.core.urns import PLUGIN_TYPE
from tests.cli.conftest import ORGANIZATION
from tests.cli.stacks import WrittenStack, secret

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command
    from tests.support.emulator_server import Emulator


@pytest.fixture
def stack(account: Emulator, tmp_path: Path) -> WrittenStack:
    return WrittenStack(tmp_path, account)


def test_orphans_are_live_sessions_of_the_stacks_users_and_groups(
    stack: WrittenStack, account: Emulator, run: Command
) -> None:
    stack.declare("desk", userId="ada", sessionGroup="desk")
    stack.declare("desk", userId="ada", sessionGroup="desk", delete=True)
    stack.declare("lone", userId=secret("s3cr3t"))
    stack.declare("theirs", external=True, host="https://a.example")
    stack.creating(userId="new")
    for name, user, group in (
        ("of-ada", "ada", "desk"),
        ("elsewhere", "ada", "shop"),
        ("hidden", "s3cr3t", "any"),
        ("killed", "new", None),
        ("stranger", "bob", "desk"),
    ):
        stack.seed(name, userId=user, sessionGroup=group)
    account.seed(ORGANIZATION, "dead", userId="ada", sessionGroup="desk", expiresAt="2020-01-01T00:00:00Z")
    result = run("list", "--orphans", "--stack", "dev", "--json")
    found = [(entry["id"], entry["user"], entry["group"]) for entry in json.loads(result.out)]
    assert found == [("of-ada", "ada", "desk"), ("hidden", "[secret]", None), ("killed", "new", None)]
    assert result.error == "Only stack dev was looked at: another may declare them.\n"
    shown = run("list", "--orphans", "--stack", "dev").out
    assert "s3cr3t" not in shown + result.out
    assert [line.split()[:3] for line in shown.splitlines()[2:]][1] == [
        "hidden",
        "[secret]",
        shown.splitlines()[3].split()[2],
    ]


def test_orphans_of_another_organization_are_listed_with_it_and_deleted_by_it(
    stack: WrittenStack, account: Emulator, run: Command
) -> None:
    stack.declare("desk", userId="ada")
    stack.declare("theirs", userId="bob", organization="theirs")
    stack.declare("hidden", userId="eve", organization=secret("s3cr3t"))
    live = {"expiresAt": "2099-01-01T00:00:00Z"}
    for organization, session_id, user in (("acme", "a", "ada"), ("theirs", "b", "bob"), ("s3cr3t", "c", "eve")):
        account.seed(organization, session_id, userId=user, **live)
    found = json.loads(run("list", "--orphans", "--stack", "dev", "--json").out)
    named = [("a", "acme"), ("b", "theirs"), ("c", "[secret]")]
    assert [(entry["id"], entry["organization"]) for entry in found] == named
    shown = run("list", "--orphans", "--stack", "dev").out.splitlines()
    assert shown[0].split()[:4] == ["id", "user", "group", "organization"]
    assert ("acme" in shown[2], "theirs" in shown[3], "[secret]" in shown[4]) == (False, True, True)
    assert run("delete", "b", "--yes", "--stack", "dev").code == 1
    assert run("delete", "b", "--yes", "--stack", "dev", "--organization", "theirs").code == 0
    assert account.sessions("theirs") == []


def test_orphans_at_another_host_are_not_asked_for(stack: WrittenStack, account: Emulator, run: Command) -> None:
    stack.declare("desk", userId="ada")
    account.clear()
    result = run("list", "--orphans", "--stack", "dev", "--base-url", "http://127.0.0.1:1")
    assert (result.code, result.out) == (1, "")
    assert result.error.startswith(f"session desk-id was created at {account.url}, but baseUrl is http://127.0.0.1:1: ")
    assert account.requests() == []


def test_sessions_of_a_provider_of_the_program_are_left_out(
    stack: WrittenStack, account: Emulator, run: Command
) -> None:
    provider = "urn:pulumi:dev::shop::pulumi:providers:quant-sessions::{}::0123"
    stack.declare("ours", userId="ada", provider=provider.format("default_0_1_0"))
    for name in ("agency", "default-eu"):
        stack.declare(name, userId=name, type=PLUGIN_TYPE, provider=provider.format(name), host="https://a.example")
        stack.seed(f"of-{name}", userId=name)
    stack.seed("orphan", userId="ada")
    account.clear()
    result = run("list", "--orphans", "--stack", "dev", "--json")
    assert [entry["id"] for entry in json.loads(result.out)] == ["orphan"]
    assert result.error.splitlines() == [
        "Sessions of provider agency were not looked at: it may have another token.",
        "Sessions of provider default-eu were not looked at: it may have another token.",
        "Only stack dev was looked at: another may declare it.",
    ]
    assert {request["query"].get("userId") for request in account.requests()} == {"ada"}


def test_without_orphans_a_list_says_so(stack: WrittenStack, run: Command) -> None:
    stack.declare("desk")
    result = run("list", "--orphans", "--stack", "dev")
    assert (result.code, result.out) == (0, "No orphan.\n")
    assert result.error == "Only users and groups of stack dev were looked at.\n"


def test_a_list_that_fails_is_no_list_without_orphans(stack: WrittenStack, account: Emulator, run: Command) -> None:
    stack.declare("desk", userId="ada-the-first-user")
    account.fault(method="GET", status=400, body={"message": "ada-the-first-user is odd"})
    result = run("list", "--orphans", "--stack", "dev")
    assert (result.code, result.out) == (1, "")
    assert result.error == "listing sessions: the API returned 400: *** is odd\n"


@pytest.mark.parametrize(
    "flags", [[], ["--stack", "dev", "--user", "ada"], ["--stack", "dev", "--group", "a"]], ids=str
)
def test_orphans_are_those_of_a_whole_stack(run: Command, flags: list[str]) -> None:
    result = run("list", "--orphans", *flags)
    assert (result.code, result.out) == (2, "")
    assert "requires --stack" in result.error
