"""A session that nobody declared is taken over: the API returns neither its user and group nor its expiry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pulumi.runtime.proto import provider_pb2

from quant_sessions_provider.core.model import UNKNOWN
from quant_sessions_provider.core.redaction import sensitive_texts
from quant_sessions_provider.operations.api import SessionSummary, StoredSession
from tests.support.fakes import ID, NOT_FOUND, A, B, at
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


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (ID, "this has 1 part;"),
        ("6488304f-fe7e-41e4-a0c3-dbbf9de9b794", "this has 1 part;"),
        ("", "this has 1 part;"),
        ("acme/ada/3f2a", "this has 3 parts;"),
        ("a/b/c/d/e", "this has 5 parts;"),
        ("acme/ada//3f2a/", "this has 5 parts;"),
        ("acme///3f2a", "USER is empty;"),
        ("/ada//3f2a", "ORGANIZATION is empty;"),
        ("acme/ada//", "ID is empty;"),
        ("acme/%20//3f2a", "USER is empty;"),
        ("acme/ada/%20/3f2a", "GROUP is empty;"),
        ("acme/a%ZZda//3f2a", "USER is not percent-encoded UTF-8"),
        ("acme/100%//3f2a", "USER is not percent-encoded UTF-8"),
        ("acme/ada/%ff/3f2a", "GROUP is not percent-encoded UTF-8"),
        (" acme/ada//3f2a", "there is a space around ORGANIZATION"),
        ("acme/ada//3f2a\n", "there is a space around ID"),
    ],
)
def test_an_id_of_another_form_says_which_is_right_and_repeats_nothing(
    host: PluginHost, text: str, problem: str
) -> None:
    failure = fails(host.read, text)
    assert failure.text.startswith("import takes ORGANIZATION/USER/GROUP/ID, each part percent-encoded and GROUP empty")
    assert f", but {problem}" in f"{failure.text};"
    assert len(failure.text.splitlines()) == 1
    assert host.api.mock_calls == []


@pytest.mark.parametrize(
    ("text", "user"),
    [("acme/a%2Fb//3f2a", "a/b"), ("acme/ada lovelace//3f2a", "ada lovelace"), ("acme/世+%C3%A9//3f2a", "世+é")],
)
def test_a_user_may_be_any_text(host: PluginHost, text: str, user: str) -> None:
    assert plain(host.read(text).inputs)["userId"] == user


def test_the_id_is_kept_as_the_api_spells_it(host: PluginHost) -> None:
    assert host.read("acme/ada//3F2A").id == ID


def test_only_an_active_session_of_that_user_is_imported(host: PluginHost) -> None:
    """Another plan would take it for expired, and replace it."""
    host.api.list.side_effect = lambda *_args, **_filters: iter([])
    assert fails(host.read, "acme/adda//3f2a").text == (
        "session 3f2a is not imported: it is not listed as an active session of this user and group"
    )


def test_what_cannot_be_imported_says_why(host: PluginHost) -> None:
    for created in (None, "yesterday", "9999-12-31T23:59:00Z"):
        host.api.get.return_value = StoredSession(ID, None, None, [], created)
        assert fails(host.read, "acme/ada//3f2a").text == (
            "session 3f2a cannot be imported: the API does not tell when it was created"
        )
    host.api.get.side_effect = NOT_FOUND
    host.api.list.side_effect = lambda *_args, **_filters: iter([])
    assert fails(host.read, "acme/ada//3f2a").text == "session 3f2a was not found: nothing to import"


def test_a_session_that_was_extended_before_is_never_replaced(host: PluginHost) -> None:
    """Its assumed expiry has passed, and the API lists it as active."""
    host.api.get.return_value = StoredSession(ID, None, None, [A], at(-300))
    response = host.read("acme/ada/g/3f2a")
    inputs, outputs = plain(response.inputs), plain(response.properties)
    assert inputs["expiresAt"] == at(-240)
    assert (
        "that has passed and it lives, so no run extends or recreates it until another expiry is declared"
        in last_line(host)
    )

    checked, failures = host.check(inputs, inputs)
    assert (plain(checked), failures) == (inputs, [])
    assert host.plan(outputs, inputs, old_inputs=inputs).changes == provider_pb2.DiffResponse.DIFF_NONE
    refreshed = host.read(ID, outputs, inputs)
    assert (plain(refreshed.properties), plain(refreshed.inputs)) == (outputs, inputs)
    assert host.diff(outputs, inputs, old_inputs=inputs).changes == provider_pb2.DiffResponse.DIFF_NONE

    with_message = inputs | {"messages": [B]}
    assert list(host.plan(outputs, with_message).replaces) == []
    host.update(outputs, with_message, preview=True)
    assert last_line(host) == "desk: appends 1 message"

    with_lifetime = {key: value for key, value in inputs.items() if key != "expiresAt"} | {"expirationMinutes": 60}
    checked, failures = host.check(with_lifetime, inputs)
    assert (plain(checked)["expiresAt"], failures) == (at(60), [])
    assert list(host.diff(outputs, plain(checked)).replaces) == []
    host.update(outputs, plain(checked), preview=True)
    assert "still lives: extends by 60 minutes" in last_line(host)
    assert not [name for name, *_ in host.api.mock_calls if name not in ("get", "list")]


def test_an_import_that_would_replace_the_session_is_refused(host: PluginHost) -> None:
    """A program with the import option may declare more than the id says."""
    imported = plain(host.read("acme/ada/g/3f2a").inputs)
    system = {"role": "system", "content": "s3cr3t"}
    other = imported | {"userId": "bob", "organization": "theirs", "messages": [system]}
    held = "(after a failed `pulumi up`, state has the session: `pulumi state delete` its URN before you drop it)"
    differs = f"is not what the id to import by says; declare that {held}"
    expected = [
        f"userId: {differs}",
        f"organization: {differs}",
        f"messages: {STARTS} {held}",
    ]
    assert host.check(other, imported)[1] == expected
    assert host.check(other, imported)[1] == [], "a later plan says what a replacement loses"

    host.read("acme/ada/g/3f2a")
    later = imported | {"userId": UNKNOWN, "messages": [B], "expirationMinutes": 90}
    later.pop("expiresAt")
    assert host.check(later, imported)[1] == []


def test_a_session_that_was_just_imported_is_not_deleted(host: PluginHost) -> None:
    """The engine deletes an older entry of it if its id to import by is spelled in another way."""
    response = host.read("acme/ada/g/3f2a")
    host.delete(plain(response.properties))
    assert last_line(host) == KEPT
    host.api.delete.assert_not_called()

    host.configure()
    host.delete(plain(response.properties))
    host.api.delete.assert_called_once()


def test_a_session_that_an_earlier_run_imported_is_not_deleted_with_its_older_entry(host: PluginHost) -> None:
    """That run broke off before it deleted the older entry, and the engine deletes it in the next one."""
    _, outputs = planned_after_an_import(host)
    host.delete(outputs | {"metadata": {"of": "the older entry"}})
    assert last_line(host) == KEPT
    host.api.delete.assert_not_called()
    # What the engine deletes before it replaces it is the entry that was compared.
    host.delete(outputs)
    host.api.delete.assert_called_once()


def test_a_session_that_the_engine_replaces_after_all_is_deleted(host: PluginHost) -> None:
    inputs, outputs = planned_after_an_import(host)
    host.create(inputs | {"expiresAt": at(60)})
    host.delete(outputs | {"totalMessages": 7})
    host.api.delete.assert_called_once()


def test_a_replacement_that_the_engine_forces_checks_without_old_inputs(host: PluginHost) -> None:
    inputs = plain(host.read("acme/ada/g/3f2a").inputs)
    assert host.check(inputs)[1] == []


def test_what_the_api_echoes_of_a_user_is_redacted_in_all_requests_of_an_import(host: PluginHost) -> None:
    seen: list[set[str]] = []

    def answering(answer: object) -> object:
        seen.append(set(sensitive_texts()))
        return answer

    found, listed = StoredSession(ID, None, None, [], at(0)), SessionSummary(ID, None, None, None, None)
    host.api.get.side_effect = lambda *_args: answering(found)
    host.api.list.side_effect = lambda *_args, **_filters: answering(iter([listed]))
    host.read("acme/s3cr3tUser/s3cr3tGroup/3f2a")
    assert len(seen) == 2
    assert all({"s3cr3tUser", "s3cr3tGroup"} <= texts for texts in seen)


STARTS = "an import replaces nothing; declare none, or only user and assistant messages, which are appended"
KEPT = "desk: was imported and is declared, so only an older entry of it leaves state; it is not deleted"


def planned_after_an_import(host: PluginHost) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return inputs and outputs of a session that an earlier run imported, and that this run keeps."""
    response = host.read("acme/ada/g/3f2a")
    inputs, outputs = plain(response.inputs), plain(response.properties)
    host.configure()
    host.plan(outputs, inputs)
    return inputs, outputs


def last_line(host: PluginHost) -> str:
    return host.engine.lines[-1][1]
