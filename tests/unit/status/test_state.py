"""Reading a state: what is secret, who has a session, and how."""

from __future__ import annotations

import json
from typing import Any

import pytest

from quant_sessions_provider.core.urns import PLUGIN_TYPE
from quant_sessions_provider.status.state import comparable, ids_in, read_stack, stack_name
from quant_sessions_provider.timeline.state import InvalidExportError
from tests.support import state_files
from tests.support.exports import state

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
CLOSED, OPEN = SECRET | {"ciphertext": "v1:x"}, SECRET | {"plaintext": '"ada"'}


def whole(**own: Any) -> dict[str, Any]:  # noqa: ANN401 - any properties
    return state({"desk": {"expirationMinutes": 60} | own})


@pytest.mark.parametrize(
    ("user", "value", "shown"), [("ada", "ada", "ada"), (CLOSED, None, "[secret]"), (OPEN, "ada", "[secret]")]
)
def test_a_secret_user_is_known_only_if_decrypted_and_never_shown(user: object, value: str | None, shown: str) -> None:
    (session,) = read_stack(whole(userId=user))
    assert (session.user.value, session.user.shown) == (value, shown)
    assert "ada" not in repr(session).replace("'desk'", "")


def test_a_user_that_is_secret_on_one_side_is_secret() -> None:
    # `additional_secret_outputs` encrypts outputs whose inputs are not secret.
    document = whole(userId="ada")
    document["deployment"]["resources"][0]["outputs"]["userId"] = CLOSED
    assert read_stack(document)[0].user.shown == "[secret]"


@pytest.mark.parametrize(
    ("own", "role"), [({}, "declared"), ({"delete": True}, "pending deletion"), ({"external": True}, "read")]
)
def test_how_a_state_has_a_session(own: dict[str, Any], role: str) -> None:
    assert read_stack(whole(**own))[0].role == role


def test_both_hosts_are_read_and_what_has_no_id_is_not() -> None:
    document = state({"one": {"expirationMinutes": 60}, "two": {"expirationMinutes": 60}, "three": {}})
    one, two, three = document["deployment"]["resources"]
    two["type"] = PLUGIN_TYPE
    del three["id"]
    assert [session.name for session in read_stack(document)] == [one["id"], two["id"]]


def test_the_ids_of_a_programs_own_class_are_known() -> None:
    deployment = json.loads((state_files.FOLDER / "subclass-v0.1.json").read_text())
    known = ids_in({"deployment": deployment})
    assert known[comparable("30AB11CA-B04A-41C2-BCC2-1BB759BF29E8")].name == "desk"
    assert known["30ab11cab04a41c2bcc21bb759bf29e8"].role == "declared"


def test_what_state_says_of_an_id_beats_what_an_operation_says() -> None:
    document = state({"desk": {}})
    document["deployment"]["pending_operations"] = [{"resource": document["deployment"]["resources"][0]}]
    assert ids_in(document)["desk"].role == "declared"


@pytest.mark.parametrize(
    ("provider", "account"),
    [
        ("default", ""),
        ("default_0_1_0", ""),
        ("agency", "agency"),
        ("default-eu", "default-eu"),
        ("a::b", "a::b"),
        (None, ""),
    ],
)
def test_a_provider_of_the_program_is_named(provider: str | None, account: str) -> None:
    document = whole()
    reference = provider and f"urn:pulumi:main::shop::pulumi:providers:quant-sessions::{provider}::0123"
    document["deployment"]["resources"][0]["provider"] = reference
    assert read_stack(document)[0].account == account


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"deployment": {"resources": [{}]}}, {"deployment": {"resources": [{"urn": 1}]}}],
    ids=repr,
)
def test_a_document_that_is_not_an_export_is_rejected(document: object) -> None:
    with pytest.raises(InvalidExportError):
        read_stack(document)


def test_the_name_of_the_stack_is_in_its_resources() -> None:
    assert (stack_name(whole()), stack_name(state({}))) == ("main", "")
