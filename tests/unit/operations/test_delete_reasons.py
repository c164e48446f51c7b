"""Why a session is deleted, from what the engine asks before: the sequences are those that the real engine shows."""

from __future__ import annotations

import base64
import pickle
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from quant_sessions_provider.operations.crud import Diff
from quant_sessions_provider.provider import SessionProvider
from tests.support.dynamic_host import URN, fake_operations, running_host

if TYPE_CHECKING:
    from collections.abc import Iterator
    from unittest.mock import NonCallableMagicMock

    from tests.support.dynamic_host import Host

REMOVED = "no longer declared by its name, or destroyed"
FIRST = "deleted before a resource that it depends on is replaced"


@pytest.fixture
def operations(monkeypatch: pytest.MonkeyPatch) -> NonCallableMagicMock:
    fake = fake_operations(monkeypatch)
    fake.read.side_effect = lambda _id, outputs: outputs
    return fake


@pytest.fixture
def host(operations: NonCallableMagicMock) -> Iterator[Host]:
    assert operations
    with running_host() as running:
        yield running


@pytest.mark.parametrize(
    ("asked", "replaces", "reason"),
    [
        (["check", "diff", "check"], ["userId"], "replaced: userId changed"),
        (["check", "diff", "check"], ["userId", "messages"], "replaced: userId, messages changed"),
        # `--replace` and `replace_on_changes`, and what an earlier run replaced and could not delete.
        (["check", "diff"], [], "replaced"),
        (["check", "check"], [], "replaced"),
        (["read", "diff", "check", "diff", "check"], ["userId"], "replaced: userId changed"),
        ([], [], REMOVED),
        (["read", "diff"], [], REMOVED),
        # A refresh compares with the roles reversed: what it finds replaces nothing.
        (["read", "diff"], ["userId"], REMOVED),
        (["diff"], ["sessionGroup"], FIRST),
        (["diff"], [], REMOVED),
        (["read", "diff", "diff"], ["sessionGroup"], FIRST),
    ],
)
def test_what_a_run_asked_before_tells_why(
    host: Host, operations: NonCallableMagicMock, asked: list[str], replaces: list[str], reason: str
) -> None:
    session = str(uuid4())
    urn = f"{URN}-{session}"
    operations.diff.return_value = Diff(None, replaces)
    calls: dict[str, Any] = {
        "check": lambda: host.check({"userId": "ada"}, urn=urn),
        "diff": lambda: host.diff({}, {"userId": "ada"}, urn=urn, id=session),
        "read": lambda: host.read({}, urn=urn),
    }
    for verb in asked:
        calls[verb]()
    host.delete(session, urn=urn)
    assert operations.delete.mock_calls[-1].args == (session, {}, reason)


def test_what_another_resource_was_asked_tells_nothing(host: Host, operations: NonCallableMagicMock) -> None:
    operations.diff.return_value = Diff(None, ["userId"])
    host.check({}, urn=f"{URN}-other")
    host.diff({}, {}, urn=f"{URN}-other", id="other-id")
    host.delete("own-id", urn=f"{URN}-own")
    assert operations.delete.mock_calls[-1].args == ("own-id", {}, REMOVED)


def test_a_session_that_is_renamed_and_replaced_is_known_by_its_id(
    host: Host, operations: NonCallableMagicMock
) -> None:
    operations.diff.return_value = Diff(None)
    host.check({}, urn=f"{URN}-new-name")
    host.diff({}, {}, urn=f"{URN}-new-name", id="renamed")
    host.delete("renamed", urn=f"{URN}-old-name")
    assert operations.delete.mock_calls[-1].args == ("renamed", {}, "replaced")


def test_the_reason_is_known_where_state_spells_the_provider_in_another_way(
    host: Host, operations: NonCallableMagicMock
) -> None:
    other = base64.b64encode(pickle.dumps(SessionProvider(), protocol=2)).decode()
    assert other != host.provider
    operations.diff.return_value = Diff(None, ["userId"])
    host.check({}, urn=f"{URN}-spelled")
    host.diff({}, {}, urn=f"{URN}-spelled", id="spelled")
    host.delete("spelled", urn=f"{URN}-spelled", provider=other)
    assert operations.delete.mock_calls[-1].args == ("spelled", {}, "replaced: userId changed")
