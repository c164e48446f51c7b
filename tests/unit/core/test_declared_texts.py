"""What a verb hides from its errors: the declared texts of the properties that it was called with."""

from __future__ import annotations

from typing import Any

import pytest

from quant_sessions_provider.core.redaction import (
    declared_texts,
    has_encrypted_texts,
    redact_errors,
    sensitive_texts,
)
from tests.support.fakes import at

ENCRYPTED = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}
PLAIN = ENCRYPTED | {"plaintext": '"ada"'}


def test_values_and_metadata_keys_are_declared_texts_but_no_status_and_no_role() -> None:
    body = {
        "userId": "ada",
        "status": "completed",
        "messages": [{"role": "user", "content": "Hello"}, "odd"],
        "metadata": {"team": {"role": "red"}, "list": ["x", 7]},
    }
    assert list(declared_texts(body)) == ["ada", "Hello", "odd", "team", "role", "red", "list", "x"]


@redact_errors
def _verb(_old: dict[str, Any], *, new: dict[str, Any]) -> tuple[list[str], bool]:
    assert new
    return list(sensitive_texts()), has_encrypted_texts()


def test_a_verb_hides_the_texts_of_its_arguments_and_nothing_afterwards() -> None:
    old = {"userId": "ada", "title": "Hi", "organization": "acme", "expirationMinutes": 60, "expiresAt": at(60)}
    assert _verb(old, new=old | {"userId": "bob"}) == (["ada", "Hi", "bob", "Hi"], False)
    assert (list(sensitive_texts()), has_encrypted_texts()) == ([], False)


def test_an_expiry_that_is_set_by_hand_is_hidden_in_every_spelling() -> None:
    by_hand = {"expiresAt": "2026-11-24T13:09:00+01:00", "grantedExpiresAt": "never"}
    spelled = ["2026-11-24T13:09:00+01:00", "2026-11-24T12:09:00Z", "2026-11-24 12:09:00Z"]
    assert _verb({"expirationMinutes": 60}, new=by_hand)[0] == spelled


@pytest.mark.parametrize(
    ("value", "encrypted"),
    [
        (ENCRYPTED, True),
        (PLAIN, False),
        ([{"content": ENCRYPTED}], True),
        ({"content": [PLAIN]}, False),
        ("ada", False),
    ],
)
@pytest.mark.parametrize("key", ["userId", "sessionGroup", "metadata", "messages", "expiresAt", "grantedExpiresAt"])
def test_texts_that_cannot_be_read_are_noticed(key: str, value: object, *, encrypted: bool) -> None:
    assert _verb({}, new={"expirationMinutes": 60, key: value})[1] is encrypted
    assert _verb({}, new={"expirationMinutes": 60, "title": value})[1] is False
