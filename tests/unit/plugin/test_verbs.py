"""The verbs over a real channel, with the core's own operations on a mocked API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest.mock import DEFAULT

import pytest
from pulumi.runtime.proto import provider_pb2

from quant_sessions_provider.core.errors import ApiError
from quant_sessions_provider.core.model import UNKNOWN
from quant_sessions_provider.plugin.wire import SIGNATURE, secret, to_value
from tests.support.fakes import HERE, ID, NOT_FOUND, A, B, applied, at, inputs_of
from tests.support.plugin_host import URN, fails, hidden, plain

if TYPE_CHECKING:
    from tests.support.plugin_host import PluginHost

SECRETLY = {"role": "user", "content": hidden("A")}
DIFF_NONE, DIFF_SOME = provider_pb2.DiffResponse.DIFF_NONE, provider_pb2.DiffResponse.DIFF_SOME


def kinds(response: provider_pb2.DiffResponse) -> dict[str, str]:
    return {path: provider_pb2.PropertyDiff.Kind.Name(diff.kind) for path, diff in response.detailedDiff.items()}


def lines(host: PluginHost) -> list[tuple[str, str]]:
    assert {urn for _, _, urn in host.engine.lines} <= {URN}
    return [(severity, text) for severity, text, _ in host.engine.lines]


# --- check -----------------------------------------------------------------------------------------------------


def test_check_fills_in_defaults_and_keeps_secrets_where_they_are(host: PluginHost) -> None:
    sent, failures = host.check({"userId": hidden("ada"), "messages": [SECRETLY], "metadata": {"a": 1}})
    assert failures == []
    assert sent.fields["userId"] == secret(to_value("ada"))
    assert sent.fields["messages"] == to_value([SECRETLY])
    assert plain(sent) == {
        "userId": "ada",
        "messages": [A],
        "metadata": {"a": 1},
        "organization": "acme",
        "status": "active",
        "onExpired": "recreate",
        "expirationMinutes": 60,
        "expiresAt": at(60),
    }


def test_a_planned_expiry_is_secret_where_the_last_one_was(host: PluginHost) -> None:
    sent, _ = host.check(
        {"userId": "ada", "expirationMinutes": 90},
        inputs_of(applied(9)) | {"expiresAt": hidden(at(9)), "messages": []},
    )
    assert sent.fields["expiresAt"] == secret(to_value(at(39)))


@pytest.mark.parametrize(
    ("old", "new", "lifetime"),
    [
        ({"expirationMinutes": 60}, {}, 60),
        # The program no longer declares one.
        ({"expirationMinutes": 90}, {}, 60),
        ({"expirationMinutes": 60}, {"expirationMinutes": 90}, 90),
        ({}, {}, None),
        ({"expirationMinutes": 60}, {"expiresAt": at(30)}, None),
    ],
)
def test_an_expiry_that_the_engine_keeps_is_not_set_by_hand(
    host: PluginHost, old: dict[str, Any], new: dict[str, Any], lifetime: int | None
) -> None:
    kept = {"userId": "ada", "expiresAt": at(9)}
    sent, failures = host.check(kept | new, kept | old)
    assert failures == []
    assert plain(sent).get("expirationMinutes") == lifetime
    assert plain(sent)["expiresAt"] == (kept | new)["expiresAt"]


def test_failures_name_no_property_and_repeat_no_text(host: PluginHost) -> None:
    asset = {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "s3cr3t"}
    _, failures = host.check({"userId": "ada", "onExpired": "s3cr3t", "metadata": {"x": asset}})
    assert set(failures) == {
        "metadata: contains a value that JSON cannot represent",
        "onExpired: must be one of recreate, ignore, error",
    }


# --- diff ------------------------------------------------------------------------------------------------------


def test_nothing_changed(host: PluginHost) -> None:
    outputs = applied(9)
    response = host.plan(outputs, inputs_of(outputs), old_inputs=inputs_of(outputs))
    assert (response.changes, dict(response.detailedDiff)) == (DIFF_NONE, {})
    assert host.api.mock_calls == []


@pytest.mark.parametrize(
    ("moved", "paths", "replaces"),
    [
        ({"userId": "bob"}, {"userId": "UPDATE_REPLACE"}, ["userId"]),
        ({"sessionGroup": "g"}, {"sessionGroup": "ADD_REPLACE"}, ["sessionGroup"]),
        ({"messages": [A, B]}, {"messages[1]": "ADD"}, []),
        ({"messages": [B]}, {"messages[0].content": "UPDATE_REPLACE"}, ["messages"]),
        ({"metadata": {"k": {"a.b": 1}}}, {'metadata.k["a.b"]': "ADD", "metadata.k.c": "DELETE"}, []),
        ({"metadata": {"k": UNKNOWN}}, {"metadata.k": "UPDATE"}, []),
        ({"expirationMinutes": 90, "expiresAt": at(39)}, {"expirationMinutes": "UPDATE", "expiresAt": "UPDATE"}, []),
    ],
)
def test_what_changed_is_told_by_its_path(
    host: PluginHost, moved: dict[str, Any], paths: dict[str, str], replaces: list[str]
) -> None:
    outputs = applied(9, metadata={"k": {"c": 1}})
    response = host.plan(outputs, inputs_of(outputs, **moved), old_inputs=inputs_of(outputs))
    assert response.changes == DIFF_SOME
    assert kinds(response) == paths
    assert list(response.replaces) == replaces
    assert set(response.diffs) == set(moved)
    assert response.hasDetailedDiff
    assert all(diff.inputDiff for diff in response.detailedDiff.values())
    assert not response.deleteBeforeReplace


def test_a_replacement_is_a_warning_with_what_it_loses(host: PluginHost) -> None:
    outputs = applied(9, messages=[])
    host.plan(outputs, inputs_of(outputs, userId="bob"))
    ((severity, text),) = lines(host)
    assert severity == "WARNING"
    assert text.startswith("desk: userId changed")
    assert "loses 1 message" in text


def test_a_refresh_asks_and_says_nothing(host: PluginHost) -> None:
    outputs = applied(9)
    host.check(inputs_of(outputs), inputs_of(outputs))
    host.read(ID, outputs, inputs_of(outputs))
    host.api.reset_mock()
    response = host.diff(outputs, inputs_of(outputs, userId="bob"))
    assert list(response.replaces) == ["userId"]
    assert (host.api.mock_calls, lines(host)) == ([], [])


def test_a_short_grant_is_due_without_a_changed_input(host: PluginHost) -> None:
    outputs = applied(60, grantedExpiresAt=at(-9))
    host.api.list.side_effect = lambda *_args, **_filters: iter([])
    response = host.plan(outputs, inputs_of(outputs), old_inputs=inputs_of(outputs))
    assert (response.changes, kinds(response)) == (DIFF_SOME, {"expiresAt": "UPDATE_REPLACE"})


@pytest.mark.parametrize("paths", [["expiresAt"], ["*"]])
def test_an_ignored_expiry_is_ignored(host: PluginHost, paths: list[str]) -> None:
    outputs = applied(60, grantedExpiresAt=at(-9))
    assert host.plan(outputs, inputs_of(outputs), ignoreChanges=paths).changes == DIFF_NONE


# --- create ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preview", [True, False])
def test_a_creation_says_how_long_the_session_lives(host: PluginHost, *, preview: bool) -> None:
    host.check(inputs_of(applied(60)))
    host.create(inputs_of(applied(60)), preview=preview)
    assert lines(host) == [("INFO", "desk: lives 60 minutes, until about 13:00Z")]


def test_a_replacement_says_so_in_its_own_line(host: PluginHost) -> None:
    outputs = applied(9, messages=[])
    host.plan(outputs, inputs_of(outputs, userId="bob"))
    host.check(inputs_of(outputs, userId="bob"))
    host.create(inputs_of(outputs, userId="bob"), preview=True)
    ((_, text),) = lines(host)
    assert text == "desk: userId changed: replacing it loses 1 message; the new one lives until about 13:00Z"


def test_a_preview_of_a_creation_knows_what_can_be_known_and_sends_nothing(host: PluginHost) -> None:
    inputs = inputs_of(applied(60)) | {"messages": [SECRETLY]}
    session_id, sent = host.create(inputs, preview=True)
    assert session_id == ""
    assert sent.fields["messages"] == to_value([SECRETLY])
    found = plain(sent)
    assert (found["expiresAt"], found["expired"], found["baseUrl"]) == (at(60), False, HERE)
    assert {key for key, value in found.items() if value is UNKNOWN} == {
        "createdAt",
        "grantedExpiresAt",
        "model",
        "title",
        "totalMessages",
        "totalTokens",
        "updatedAt",
    }
    assert host.api.mock_calls == []


def test_a_creation_keeps_secrets_where_they_are(host: PluginHost) -> None:
    session_id, sent = host.create(inputs_of(applied(60)) | {"messages": [SECRETLY], "userId": hidden("ada")})
    assert session_id == ID
    assert sent.fields["messages"] == to_value([SECRETLY])
    assert sent.fields["userId"] == secret(to_value("ada"))
    assert plain(sent)["grantedExpiresAt"] == at(60)


def test_a_creation_that_got_half_through_is_kept_with_its_id(host: PluginHost) -> None:
    host.api.update.side_effect = ApiError("server error", status=500)
    failure = fails(host.create, inputs_of(applied(60), status="completed") | {"userId": hidden("ada")})
    assert failure.code == "FAILED_PRECONDITION"
    assert failure.kept
    session_id, properties, reasons = failure.kept
    assert (session_id, properties["status"], reasons) == (ID, "active", [failure.text])
    assert properties["userId"] == hidden("ada")


def test_what_the_engine_replaces_by_itself_is_a_warning_too(host: PluginHost) -> None:
    outputs = applied(9, messages=[])
    new = inputs_of(outputs, metadata={"k": 1})
    host.plan(outputs, new)
    assert lines(host) == []
    host.check(new)
    host.create(new, preview=True)
    ((severity, text),) = lines(host)
    assert severity == "WARNING"
    assert text.startswith("desk: metadata changed")
    assert "loses 1 message" in text


def test_what_the_engine_deletes_before_it_replaces_it_is_a_warning_before_that(host: PluginHost) -> None:
    outputs = applied(9, messages=[])
    new = inputs_of(outputs, metadata={"k": 1})
    host.plan(outputs, new)
    before: list[int] = []

    def deleting(*_: object) -> object:
        before.append(len(lines(host)))
        return DEFAULT

    host.api.delete.side_effect = deleting
    host.delete(outputs)
    assert before == [1]
    host.check(new)
    host.create(new)
    said = lines(host)
    assert [severity for severity, _ in said] == ["WARNING", "INFO"]
    assert said[0][1].startswith("desk: metadata changed: replacing it loses 1 message")
    assert said[1][1].startswith("desk: lives ")


# --- read ------------------------------------------------------------------------------------------------------


def test_a_refresh_moves_no_input_and_the_title_is_secret(host: PluginHost) -> None:
    outputs = applied(9) | {"messages": [SECRETLY]}
    inputs = inputs_of(outputs) | {"userId": hidden("ada")}
    response = host.read(ID, outputs, inputs)
    assert response.id == ID
    assert response.inputs.fields["userId"] == secret(to_value("ada"))
    assert response.properties.fields["messages"] == to_value([SECRETLY])
    assert response.properties.fields["title"] == secret(to_value("Title"))


def test_a_session_that_is_gone_is_dropped_from_state(host: PluginHost) -> None:
    host.api.get.side_effect = NOT_FOUND
    host.api.list.side_effect = lambda *_args, **_filters: iter([])
    assert host.read(ID, applied(9), inputs_of(applied(9))) == provider_pb2.ReadResponse()


def test_a_session_that_only_a_program_reads_needs_its_organization_alone(host: PluginHost) -> None:
    response = host.read(ID, {"organization": "theirs"})
    assert plain(response.properties)["model"] == "model"
    assert dict(response.inputs.fields) == {}


# --- update ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preview", [True, False])
def test_an_update_is_said_where_it_is_made(host: PluginHost, *, preview: bool) -> None:
    outputs = applied(9)
    new = inputs_of(outputs, metadata={"k": 1})
    host.plan(outputs, new)
    assert lines(host) == []
    sent = host.update(outputs, new, preview=preview)
    assert lines(host) == [("INFO", "desk: sends its metadata")]
    assert plain(sent)["updatedAt"] == (UNKNOWN if preview else at(0))
    assert bool(host.api.mock_calls) is not preview


def test_a_preview_of_an_update_knows_no_grant(host: PluginHost) -> None:
    outputs = applied(9, grantedExpiresAt=at(9))
    new = inputs_of(outputs, expirationMinutes=90, expiresAt=at(39))
    host.plan(outputs, new)
    sent = plain(host.update(outputs, new, preview=True))
    assert (sent["grantedExpiresAt"], sent["expiresAt"], sent["baseUrl"]) == (UNKNOWN, at(39), HERE)


def test_a_preview_raises_what_will_stop_the_run(host: PluginHost) -> None:
    outputs = applied(60, grantedExpiresAt=at(-9), onExpired="error")
    host.api.list.side_effect = lambda *_args, **_filters: iter([])
    assert host.plan(outputs, inputs_of(outputs)).changes == DIFF_SOME
    failure = fails(host.update, outputs, inputs_of(outputs), preview=True)
    assert "onExpired is error" in failure.text


def test_an_update_that_got_half_through_keeps_what_took_effect(host: PluginHost) -> None:
    host.api.extend.side_effect = ApiError("server error", status=500)
    outputs = applied(9, metadata={"k": 1}) | {"userId": hidden("ada")}
    moved = {"metadata": {"k": hidden(2)}, "expirationMinutes": 90, "expiresAt": at(39)}
    failure = fails(host.update, outputs, inputs_of(outputs, **moved))
    assert failure.kept
    _, properties, _ = failure.kept
    assert properties["metadata"] == {"k": hidden(2)}
    assert (properties["expiresAt"], properties["userId"]) == (at(9), hidden("ada"))


# --- delete ----------------------------------------------------------------------------------------------------


def test_a_deletion(host: PluginHost) -> None:
    host.delete(applied(9))
    assert [call[0] for call in host.api.mock_calls] == ["delete"]
