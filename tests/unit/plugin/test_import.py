"""A session that nobody declared is taken over: the API returns neither its user and group nor its expiry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pulumi.runtime.proto import provider_pb2

from quant_sessions_provider.operations.api import StoredSession
from tests.support.fakes import ID, NOT_FOUND, at
from tests.support.plugin_host import fails, plain

if TYPE_CHECKING:
    from tests.support.plugin_host import PluginHost


def test_an_import_is_as_if_its_expiry_was_set_by_hand(host: PluginHost) -> None:
    response = host.read("acme/a%2Fb//3f2a")
    assert response.id == ID
    assert plain(response.inputs) == {
        "userId": "a/b",
        "organization": "acme",
        "expiresAt": at(9),
        "onExpired": "recreate",
        "status": "active",
    }
    new = plain(response.inputs)
    checked, failures = host.check(new, new)
    assert (plain(checked), failures) == (new, [])
    assert host.plan(plain(response.properties), new, old_inputs=new).changes == provider_pb2.DiffResponse.DIFF_NONE
    assert "assumed to be" in host.engine.lines[0][1]


@pytest.mark.parametrize("text", [ID, "acme/ada/3f2a", "acme///3f2a", "/ada//3f2a", "a/b/c/d/e", "acme/ada//"])
def test_an_id_of_another_form_says_which_is_right_and_repeats_nothing(host: PluginHost, text: str) -> None:
    failure = fails(host.read, text)
    assert failure.text.startswith("import takes ORGANIZATION/USER/GROUP/ID")
    assert host.api.mock_calls == []


def test_only_an_active_session_of_that_user_is_imported(host: PluginHost) -> None:
    """Another plan would take it for expired, and replace it."""
    host.api.list.side_effect = lambda *_args, **_filters: iter([])
    assert fails(host.read, "acme/adda//3f2a").text == (
        "session 3f2a is not imported: it is not listed as an active session of this user and group"
    )


def test_what_cannot_be_imported_says_why(host: PluginHost) -> None:
    host.api.get.return_value = StoredSession(ID, None, None, [], None)
    assert "does not tell when it was created" in fails(host.read, "acme/ada//3f2a").text
    host.api.get.side_effect = NOT_FOUND
    host.api.list.side_effect = lambda *_args, **_filters: iter([])
    assert fails(host.read, "acme/ada//3f2a").text == "session 3f2a was not found: nothing to import"
