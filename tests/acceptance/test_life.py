"""One session on the real engine, from creation to deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from quant_sessions_provider import Session
from tests.acceptance.conftest import ORGANIZATION
from tests.acceptance.wire import PATH

if TYPE_CHECKING:
    from tests.acceptance.conftest import Host, NewStack
    from tests.support.emulator_server import Emulator
    from tests.support.service import Service

ON_BOTH_HOSTS = True
TYPES = {"dynamic": "pulumi-python:dynamic/quant:Session", "plugin": "quant-sessions:index:Session"}


def _desk() -> None:
    """Declare a session with every property."""
    desk = Session(
        "desk",
        user_id="support-desk",
        session_group="production",
        expiration_minutes=90,
        renew_before_minutes=15,
        on_expired="error",
        messages=[{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Grüße, 世界 🌍"}],
        metadata={"user_id": 7, "nested": {"list": [1, 2.5, True, None], "deep": {"er": {"est": "x"}}}},
        status="completed",
    )
    pulumi.export("id", desk.id)
    pulumi.export("expires", desk.granted_expires_at)
    pulumi.export("messages", desk.messages)


def _methods(requests: list[dict[str, Any]]) -> list[str]:
    return [request["method"] for request in requests]


@pytest.mark.live
def test_a_session_with_every_property_is_created_read_and_deleted(
    new_stack: NewStack, service: Service, host: Host
) -> None:
    service.clear()
    stack = new_stack(_desk)

    preview = stack.preview()
    assert preview.ops("desk") == ["create"]
    assert preview.step("desk").new.keys() >= {"expiresAt", "onExpired", "organization", "status"}
    assert service.requests() == []

    assert stack.up().ops("desk") == ["create"]
    post, put = service.requests(clear=True)
    assert (post["method"], post["path"], post["body"]) == (
        "POST",
        PATH,
        {
            "userId": "support-desk",
            "sessionGroup": "production",
            "expirationMinutes": 90,
            "metadata": {"user_id": 7, "nested": {"list": [1, 2.5, True, None], "deep": {"er": {"est": "x"}}}},
            "initialMessages": [
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": "Grüße, 世界 🌍"},
            ],
        },
    )
    desk = stack.resources()["desk"]
    assert desk["type"] == TYPES[host]
    assert (put["method"], put["path"], put["body"]) == ("PUT", f"{PATH}/{desk['id']}", {"status": "completed"})
    (stored,) = service.sessions(ORGANIZATION)
    assert stack.outputs()["id"] == desk["id"] == stored["id"]
    assert stack.outputs()["expires"] == stored["expiresAt"] == desk["outputs"]["grantedExpiresAt"]

    assert not stack.refresh().failed
    assert _methods(service.requests(clear=True)) == ["GET"]
    assert stack.up().ops("desk") == ["same"]
    assert service.requests() == []

    assert stack.destroy().ops("desk") == ["delete"]
    assert _methods(service.requests(clear=True)) == ["DELETE"]
    assert service.sessions(ORGANIZATION) == []


def _plain() -> None:
    pulumi.export("id", Session("plain", user_id="plain").id)


@pytest.mark.live
def test_a_session_gone_before_its_expiry_is_dropped_by_refresh_recreated_by_up_and_no_error_of_destroy(
    new_stack: NewStack, service: Service
) -> None:
    stack = new_stack(_plain)
    stack.up()
    first = stack.resources()["plain"]["id"]
    service.api("DELETE", ORGANIZATION, f"/{first}")
    service.clear()

    assert not stack.refresh().failed
    # A 404, and a list without it.
    assert _methods(service.requests(clear=True)) == ["GET", "GET"]
    assert stack.resources() == {}

    assert stack.up().ops("plain") == ["create"]
    assert _methods(service.requests(clear=True)) == ["POST"]
    assert stack.resources()["plain"]["id"] != first

    # Gone once more, and no refresh has noticed it.
    service.api("DELETE", ORGANIZATION, f"/{stack.resources()['plain']['id']}")
    service.clear()
    destroy = stack.destroy()
    assert not destroy.failed
    assert [(r["method"], r["status"]) for r in service.requests()] == [("DELETE", 500), ("GET", 404), ("GET", 200)]
    assert stack.resources() == {}


def test_a_session_read_by_get_is_never_changed(new_stack: NewStack, emulator: Emulator) -> None:
    emulator.seed(ORGANIZATION, "theirs", messages=[{"role": "user", "content": "Hi"}], model="some-model")
    emulator.clear()

    def program() -> None:
        theirs = Session.get("theirs", "theirs")
        pulumi.export("model", theirs.model)
        pulumi.export("count", theirs.total_messages)

    stack = new_stack(program)
    assert stack.up().ops("theirs") == ["read"]
    assert stack.outputs() == {"model": "some-model", "count": 1}
    stack.refresh()
    assert not stack.destroy().failed
    assert set(_methods(emulator.requests())) == {"GET"}
    assert [session["id"] for session in emulator.sessions(ORGANIZATION)] == ["theirs"]
    emulator.delete(ORGANIZATION, "theirs")
