"""Each rule of the policies, as a pure function."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from quant_sessions_provider.core.model import UNKNOWN
from quant_sessions_provider.policy.rules import RULES, SESSION_RULES, STACK_RULES, Declared, SecretText

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=timezone.utc)
OF_SESSIONS = {rule.name: rule for rule in SESSION_RULES}
TOKEN = "ghp_" + "a1B2" * 9
WITH_TOKEN = {"role": "user", "content": f"use {TOKEN}"}
FINE: dict[str, Any] = {
    "userId": "u-17",
    "sessionGroup": "support-desk",
    "organization": "acme",
    "expirationMinutes": 60.0,
    "expiresAt": "2026-11-24T13:00:00Z",
    "onExpired": "recreate",
    "messages": [{"role": "system", "content": "Be kind."}],
    "metadata": {"owner": "team"},
    "status": "active",
}


def defaults(name: str, **configured: object) -> dict[str, Any]:
    """Return settings with the defaults of the schema, as the engine fills them in."""
    schema = next(rule.schema for rule in RULES if rule.name == name)
    return {key: one["default"] for key, one in schema.items()} | configured


def first_lines(name: str, changed: dict[str, Any], **configured: object) -> list[str]:
    """Return the first line of each violation; None removes an input."""
    properties = {key: value for key, value in (FINE | changed).items() if value is not None}
    found = OF_SESSIONS[name].violations(Declared(properties, NOW), defaults(name, **configured))
    assert all(text.endswith(f"\n{OF_SESSIONS[name].remedy}") for text in found)
    return [text.splitlines()[0] for text in found]


def at(minutes: float) -> str:
    return (NOW + timedelta(minutes=minutes)).isoformat()


TOO_LONG = ["expirationMinutes: must be at most 480"]
TOO_FAR = ["expiresAt: must be at most 480 minutes from now"]


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"expirationMinutes": 480.0}, []),
        ({"expirationMinutes": 481.0}, TOO_LONG),
        ({"expirationMinutes": UNKNOWN}, []),
        ({"expirationMinutes": UNKNOWN, "expiresAt": at(481)}, []),
        ({"expirationMinutes": None, "expiresAt": at(480)}, []),
        ({"expirationMinutes": None, "expiresAt": at(481)}, TOO_FAR),
        ({"expirationMinutes": None, "expiresAt": UNKNOWN}, []),
        # A renewal or an extension may reach further than one lifetime from now.
        ({"expirationMinutes": 480.0, "expiresAt": at(500)}, []),
    ],
)
def test_the_lifetime_is_limited(changed: dict[str, Any], found: list[str]) -> None:
    assert first_lines("longest-lifetime", changed) == found


def test_the_maximum_lifetime_is_configured() -> None:
    assert first_lines("longest-lifetime", {}, maxMinutes=59.0) == ["expirationMinutes: must be at most 59"]


MISNAMED = ["sessionGroup: must match the pattern [a-z0-9]+(-[a-z0-9]+)*"]


@pytest.mark.parametrize(
    ("group", "found"),
    [
        ("support", []),
        ("pr-1234-shop", []),
        (None, ["sessionGroup: is required"]),
        ("", ["sessionGroup: is required"]),
        ("Support", MISNAMED),
        ("support-", MISNAMED),
        ("support\n", MISNAMED),
        ("two words", MISNAMED),
        (UNKNOWN, []),
    ],
)
def test_a_group_is_required_and_must_match_as_a_whole(group: object, found: list[str]) -> None:
    assert first_lines("session-group", {"sessionGroup": group}) == found


def test_the_pattern_of_groups_is_configured() -> None:
    assert first_lines("session-group", {}, pattern="support-.*") == []
    assert first_lines("session-group", {}, pattern="support") == ["sessionGroup: must match the pattern support"]


@pytest.mark.parametrize(
    "user",
    [
        "jane@example.com",
        "JANE.DOE+tag@Mail.Example.CO.UK",
        "Jane Doe <jane@example.com>",
        "mailto:jane@example.com",
        "tenant-1:jane@example.com:desk",
        "jane%40example.com",
        "jäne@exämple.de",
        f"{'x' * 50_000}@example.com",
    ],
)
def test_a_user_id_with_an_email_address_is_a_violation(user: str) -> None:
    assert first_lines("user-id-no-email", {"userId": user}) == ["userId: must not contain an e-mail address"]


@pytest.mark.parametrize(
    "user", ["u-17", "support-desk", "@jane", "jane@", "jane@tenant", "a@b@c", "@jane:example.org", "v1.2", UNKNOWN]
)
def test_an_opaque_user_id_passes(user: object) -> None:
    assert first_lines("user-id-no-email", {"userId": user}) == []


@pytest.mark.parametrize(
    ("changed", "places"),
    [
        ({"messages": [*FINE["messages"], WITH_TOKEN]}, ["messages[1]"]),
        ({"messages": [WITH_TOKEN, WITH_TOKEN]}, ["messages[0]", "messages[1]"]),
        ({"metadata": {"deep": [{"er": [TOKEN]}]}}, ["metadata"]),
        ({"metadata": {"one": TOKEN, "two": TOKEN}}, ["metadata"]),
        ({"metadata": {TOKEN: 1}}, ["metadata"]),
        ({"messages": [{"role": "user", "content": SecretText(f"use {TOKEN}")}]}, []),
        ({"metadata": {"key": SecretText(TOKEN), SecretText(TOKEN): 1}}, []),
        ({"metadata": {"open": TOKEN, "key": SecretText(TOKEN)}}, ["metadata"]),
        ({"messages": UNKNOWN, "metadata": {"key": UNKNOWN}}, []),
        ({"messages": None, "metadata": None}, []),
    ],
)
def test_a_plaintext_secret_is_reported_with_its_place(changed: dict[str, Any], places: list[str]) -> None:
    assert first_lines("no-secrets", changed) == [f"{at}: seems to contain a secret (GitHub Token)" for at in places]


def test_each_kind_of_secret_is_reported() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----"

    assert first_lines("no-secrets", {"metadata": {"a": TOKEN, "b": key}}) == [
        "metadata: seems to contain a secret (GitHub Token)",
        "metadata: seems to contain a secret (Private Key)",
    ]


@pytest.mark.parametrize(
    ("metadata", "missing"),
    [
        ({"owner": "team", "cost-centre": 7}, []),
        ({"owner": None, "cost-centre": UNKNOWN}, []),
        ({"owner": "team"}, ["cost-centre"]),
        ({"nested": {"owner": "team"}}, ["owner", "cost-centre"]),
        (None, ["owner", "cost-centre"]),
        (UNKNOWN, []),
    ],
)
def test_each_missing_key_of_metadata_is_reported(metadata: object, missing: list[str]) -> None:
    found = first_lines("required-metadata", {"metadata": metadata}, keys=["owner", "cost-centre"])

    assert found == [f"metadata: key {key} is required" for key in missing]


def test_no_key_is_required_by_default() -> None:
    assert first_lines("required-metadata", {"metadata": None}) == []


UNSAFE = ["sessionGroup: is a production group, and the session is recreated after its expiry"]


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"sessionGroup": "production"}, UNSAFE),
        ({"sessionGroup": "shop-prod"}, UNSAFE),
        ({"sessionGroup": "prod-eu", "onExpired": None, "status": None}, UNSAFE),
        ({"sessionGroup": "prod", "expirationMinutes": UNKNOWN, "expiresAt": UNKNOWN}, UNSAFE),
        # Never recreated: what expires is left alone, has an end of its own, or has ended.
        ({"sessionGroup": "prod", "onExpired": "ignore"}, []),
        ({"sessionGroup": "prod", "expirationMinutes": None}, []),
        ({"sessionGroup": "prod", "status": "completed"}, []),
        ({"sessionGroup": "prod", "status": UNKNOWN}, []),
        ({"sessionGroup": "prod", "renewBeforeMinutes": 15.0}, []),
        ({"sessionGroup": "prod", "onExpired": "error"}, []),
        ({"sessionGroup": "prod", "onExpired": UNKNOWN}, []),
        ({"sessionGroup": "prod", "renewBeforeMinutes": UNKNOWN}, []),
        ({"sessionGroup": "products"}, []),
        ({"sessionGroup": None}, []),
        ({"sessionGroup": UNKNOWN}, []),
    ],
)
def test_a_production_session_must_renew_or_stop_the_run(changed: dict[str, Any], found: list[str]) -> None:
    assert first_lines("production-expiry", changed) == found


def test_the_pattern_of_production_groups_is_configured() -> None:
    assert first_lines("production-expiry", {"sessionGroup": "live"}, production="live|prod") == UNSAFE


@pytest.mark.parametrize(
    ("count", "found"), [(0, []), (3, []), (4, ["4 sessions in this stack, at most 3 are allowed"])]
)
def test_the_number_of_sessions_in_a_stack_is_limited(count: int, found: list[str]) -> None:
    (rule,) = STACK_RULES
    texts = rule.violations([Declared(FINE, NOW)] * count, defaults(rule.name, maxSessions=3.0))

    assert [text.splitlines()[0] for text in texts] == found


def test_an_ordinary_session_passes_every_rule() -> None:
    assert [text for name in OF_SESSIONS for text in first_lines(name, {})] == []


def test_an_unknown_setting_is_reported_beside_the_violations() -> None:
    rule = OF_SESSIONS["longest-lifetime"]
    texts = rule.violations(Declared(FINE | {"expirationMinutes": 900}, NOW), defaults(rule.name, maxMinute=5))

    assert [text.splitlines()[0] for text in texts] == ["maxMinute: unknown setting of longest-lifetime", *TOO_LONG]
    assert texts[0].splitlines()[1] == "Correct it in the file of --policy-pack-config, or in the pack."


@pytest.mark.parametrize(("name", "key"), [("session-group", "pattern"), ("production-expiry", "production")])
@pytest.mark.parametrize("group", [FINE["sessionGroup"], None])
def test_an_invalid_pattern_is_reported(name: str, key: str, group: str | None) -> None:
    (text,) = OF_SESSIONS[name].violations(Declared(FINE | {"sessionGroup": group}, NOW), {key: "support-("})

    assert text.splitlines()[0] == f"a setting of {name} is not a valid Python regular expression"
