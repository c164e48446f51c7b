"""A group of sessions under Pulumi's own mocks: names, settings, options, outputs and what is refused."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from quant_sessions_provider import Session, SessionArgs, SessionGroup
from tests.support.mocked import run_mocked
from tests.unit.sdk.groups import declared_sessions, ended

if TYPE_CHECKING:
    from collections.abc import Callable

PREFIX = "urn:pulumi:stack::project::quant:SessionGroup$pulumi-python:dynamic/quant:Session"
LATE = "must be known when the program runs; the values of a mapping may be Outputs"
UNFIT = 'cannot be part of a resource name ("::" or an unprintable character): use a mapping of names to user ids'


def test_each_user_has_a_session_named_after_them_with_the_shared_settings() -> None:
    shared = {"session_group": "g", "expiration_minutes": 90, "renew_before_minutes": 5, "on_expired": "ignore"}
    said = {"messages": [{"role": "user", "content": "Hello"}], "metadata": {"user_id": 1}, "status": "completed"}
    every = {
        "sessionGroup": "g",
        "expirationMinutes": 90,
        "renewBeforeMinutes": 5,
        "onExpired": "ignore",
        "organization": "acme",
        **said,
    }
    assert declared_sessions(user_ids=["ada", "bob"], organization="acme", **shared, **said) == {
        "workshop-ada": {"userId": "ada", **every},
        "workshop-bob": {"userId": "bob", **every},
    }


def test_a_moment_for_all() -> None:
    until = "2026-11-24T17:00:00Z"
    assert declared_sessions(user_ids=["ada"], expires_at=until)["workshop-ada"]["expiresAt"] == until


def test_a_mapping_keeps_user_ids_out_of_names_and_may_hold_outputs() -> None:
    def program() -> pulumi.Output[Any]:
        users = {"seat-1": "ada@example.com", "seat-2": pulumi.Output.from_input("bob@example.com")}
        return ended(SessionGroup("workshop", user_ids=users).session_ids)

    declared = run_mocked(program).declared
    users = {name: inputs.get("userId") for name, inputs in declared.items()}
    assert users == {"workshop": None, "workshop-seat-1": "ada@example.com", "workshop-seat-2": "bob@example.com"}


def test_a_group_may_be_empty() -> None:
    assert declared_sessions(user_ids=[]) == {}


def test_it_lists_its_sessions_and_maps_their_outputs() -> None:
    seen: list[Any] = []

    def program() -> pulumi.Output[Any]:
        group = SessionGroup("workshop", user_ids=("ada", "bob"), expires_at="2026-11-24T16:00:00Z")
        assert list(group.sessions) == ["ada", "bob"]
        outputs = group.urn, group.sessions["bob"].urn, group.session_ids, group.expires_at, group.granted_expires_at
        return pulumi.Output.all(*outputs).apply(seen.extend)

    run_mocked(program)
    assert seen == [
        "urn:pulumi:stack::project::pulumi:pulumi:Stack$quant:SessionGroup::workshop",
        f"{PREFIX}::workshop-bob",
        {"ada": "workshop-ada-id", "bob": "workshop-bob-id"},
        {"ada": "2026-11-24T16:00:00Z", "bob": "2026-11-24T16:00:00Z"},
        {"ada": "2026-11-24T17:00:00Z", "bob": "2026-11-24T17:00:00Z"},
    ]


def _future() -> Any:  # noqa: ANN401 - what nobody should give
    return asyncio.get_event_loop().create_future()


@pytest.mark.parametrize(
    ("user_ids", "line"),
    [
        (lambda: pulumi.Output.from_input(["ada"]), f" {LATE}"),
        (_future, f" {LATE}"),
        (lambda: "ada", " must be a list of user ids, or a mapping of names to user ids"),
        (lambda: None, " must be a list of user ids, or a mapping of names to user ids"),
        (lambda: ["ada", pulumi.Output.from_input("bob")], f"[1] {LATE}"),
        (lambda: ["ada", "bob", "ada"], "[2] is a duplicate"),
        (lambda: ["ada", " "], "[1] must be a non-empty string"),
        (lambda: [7], "[0] must be a non-empty string"),
        (lambda: ["ada::bob"], f"[0] {UNFIT}"),
        (lambda: ["ada\nbob"], f"[0] {UNFIT}"),
        (lambda: {"seat-1": "ada", "": "bob"}, ": key 2 must be a non-empty string"),
        (lambda: {"seat-1": "ada", "seat-2": "ada"}, ": two keys have the same user id"),
    ],
)
def test_users_that_cannot_name_sessions_are_refused_in_one_line(user_ids: Callable[[], Any], line: str) -> None:
    with pytest.raises(pulumi.RunError) as refusal:
        run_mocked(lambda: SessionGroup("workshop", user_ids=user_ids()))
    assert str(refusal.value) == f"session group workshop: user_ids{line}"


def test_options_of_properties_and_replacement_go_to_each_session_and_not_to_the_component() -> None:
    given: dict[str, Any] = {
        "additional_secret_outputs": ["model"],
        "custom_timeouts": pulumi.CustomTimeouts(create="1m"),
        "delete_before_replace": True,
        "hide_diffs": ["title"],
        "ignore_changes": ["metadata"],
        "replace_on_changes": ["status"],
        "replacement_trigger": "v2",
    }
    seen: dict[str, dict[str, Any]] = {}

    def look(args: pulumi.ResourceTransformationArgs) -> None:
        seen[args.name] = {option: getattr(args.opts, option) for option in given}

    opts = pulumi.ResourceOptions(transformations=[look], **given)
    declared_sessions(user_ids=["ada", "bob"], opts=opts)
    assert seen.pop("workshop") == dict.fromkeys(given)
    # A session adds its title to what is secret.
    assert {tuple(one.pop("additional_secret_outputs")) for one in seen.values()} == {("model", "title")}
    del given["additional_secret_outputs"]
    assert seen == {"workshop-ada": given, "workshop-bob": given}


def test_what_a_session_refuses_its_group_refuses() -> None:
    with pytest.raises(
        pulumi.RunError, match=r"^session workshop-ada: ignore_changes takes state keys: use userId instead of"
    ):
        declared_sessions(user_ids=["ada"], opts=pulumi.ResourceOptions(ignore_changes=["user_id"]))
    with pytest.raises(pulumi.RunError, match=r"^session group workshop: import_ is not supported$"):
        declared_sessions(user_ids=["ada"], opts=pulumi.ResourceOptions(import_="3f2a"))


def test_what_is_awaited_reaches_each_session() -> None:
    async def later() -> dict[str, int]:
        return {"a": 1}

    def program() -> pulumi.Output[Any]:
        group = SessionGroup("workshop", user_ids=["ada", "bob"], metadata=later())
        return pulumi.Output.all(group.session_ids)

    declared = run_mocked(program).declared
    assert [declared[name]["metadata"] for name in ("workshop-ada", "workshop-bob")] == [{"a": 1}, {"a": 1}]


def test_a_group_takes_what_a_session_takes() -> None:
    of_session, of_group = (inspect.signature(kind).parameters for kind in (Session, SessionGroup))
    shared = set(of_session) - {"name", "user_id", "opts"}
    assert set(of_group) - set(of_session) == {"user_ids", "session_args", "session_opts"}
    assert [of_group[name] for name in shared] == [of_session[name] for name in shared]
    own = [of_session[name].annotation for name in SessionArgs.__annotations__]
    assert set(SessionArgs.__annotations__) == shared | {"user_id"}
    assert [annotation.__forward_arg__ for annotation in SessionArgs.__annotations__.values()] == own
