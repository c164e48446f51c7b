"""Whatever ``pulumi_policy`` passes, in any shape, is checked without a crash and never repeated.

``wire`` is what the engine sends; the functions of the library that read it are those that a running pack uses.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_policy import (
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy import policy as library
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY
from pulumi_policy.policy import PolicyCustomTimeouts
from pulumi_policy.proxy import UNKNOWN_NUMBER_VALUE, UNKNOWN_STRING_VALUE, unknown_checking_proxy

from quant_sessions_provider.core.model import INPUTS
from quant_sessions_provider.core.urns import SESSION_TYPE, SESSION_TYPES
from quant_sessions_provider.policy import policies
from quant_sessions_provider.policy.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CANARY = "canary-5b1f"
TOKEN = "ghp_" + "a1B2" * 9


def options(*ignored: str, protect: bool = False) -> PolicyResourceOptions:
    return PolicyResourceOptions(
        protect=protect,
        ignore_changes=list(ignored),
        delete_before_replace=None,
        aliases=[],
        custom_timeouts=PolicyCustomTimeouts(0, 0, 0),
        additional_secret_outputs=[],
    )


OPTIONS = options()
POLICIES = policies()
STRICT: dict[str, dict[str, Any]] = {
    "longest-lifetime": {"maxMinutes": 5},
    "session-group": {"pattern": "-"},
    "required-metadata": {"keys": ["owner"]},
    "production-expiry": {"production": ".*"},
    "sessions-per-stack": {"maxSessions": 0},
}


def secret(value: object) -> dict[str, Any]:
    return {SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "value": value}


def read(wire: Mapping[str, Any], *, remediates: bool = False) -> Any:  # noqa: ANN401 - the library's own proxies
    found = vars(library)["deserialize_properties"](wire, remediates)
    return found if remediates else unknown_checking_proxy(found)


def violations_of(
    wire: Mapping[str, Any], kind: str = SESSION_TYPE, opts: PolicyResourceOptions = OPTIONS
) -> list[tuple[str, str]]:
    """Return each violation as the name of its policy and its text."""
    found: list[tuple[str, str]] = []
    for policy in POLICIES:
        config = STRICT.get(policy.name, {})

        def report(message: str, _urn: str | None = None, name: str = policy.name) -> None:
            found.append((name, message))

        if isinstance(policy, ResourceValidationPolicy):
            args = ResourceValidationArgs(kind, read(wire), "urn", "desk", opts, None, config)
            assert policy.validate(args, report) is None
        elif isinstance(policy, StackValidationPolicy):
            resource = PolicyResource(kind, read(wire), "urn", "desk", opts, None, None, [], {})
            assert policy.validate(StackValidationArgs([resource], config), report) is None
    return found


def names(found: Iterable[tuple[str, str]]) -> set[str]:
    return {name for name, _ in found}


def test_each_rule_is_a_policy_with_the_level_of_the_pack_and_a_remedy() -> None:
    assert {policy.name for policy in POLICIES} == {rule.name for rule in RULES}
    assert {policy.enforcement_level for policy in POLICIES} == {None}
    assert all(policy.remediation_steps for policy in POLICIES)


def test_a_session_that_violates_every_rule_is_reported_by_each() -> None:
    wire = {
        "userId": "jane@example.com",
        "sessionGroup": "prod",
        "expirationMinutes": 60.0,
        "onExpired": "recreate",
        "messages": [{"role": "user", "content": TOKEN}],
    }

    assert all(names(violations_of(wire, kind)) == {policy.name for policy in POLICIES} for kind in SESSION_TYPES)


@pytest.mark.parametrize(
    ("opts", "judged"),
    [
        (options("metadata", "expirationMinutes"), True),
        (options("expiresAt"), False),
        (options("metadata", '["expiresAt"]'), False),
        (options("*"), False),
        (options(protect=True), False),
    ],
    ids=["others", "ignored", "quoted", "all ignored", "protected"],
)
def test_a_production_session_that_its_options_keep_from_being_recreated_passes(
    opts: PolicyResourceOptions, *, judged: bool
) -> None:
    wire = {"userId": "u", "sessionGroup": "prod", "expirationMinutes": 60.0, "onExpired": "recreate"}
    assert ("production-expiry" in names(violations_of(wire, opts=opts))) is judged


def test_other_resources_are_not_checked() -> None:
    assert violations_of({"userId": "jane@example.com"}, "aws:s3/bucket:Bucket") == []


@pytest.mark.parametrize(
    ("wire", "found"),
    [
        ({"messages": [{"role": "user", "content": TOKEN}]}, True),
        ({"messages": [{"role": "user", "content": secret(TOKEN)}]}, False),
        ({"messages": secret([{"role": "user", "content": TOKEN}])}, False),
        ({"metadata": {"key": [secret({"in": TOKEN})]}}, False),
        ({"metadata": {"key": secret("other"), "open": TOKEN}}, True),
        ({"metadata": secret({"key": secret(TOKEN)})}, False),
        ({"metadata": {"key": secret({TOKEN: [{TOKEN: 1}]})}}, False),
        ({"metadata": {"key": secret("other"), TOKEN: 1}}, True),
        ({"metadata": secret(UNKNOWN_STRING_VALUE)}, False),
    ],
)
def test_a_marked_secret_passes(wire: dict[str, Any], *, found: bool) -> None:
    assert ("no-secrets" in names(violations_of(wire))) is found


@pytest.mark.parametrize("key", ["userId", "sessionGroup", "messages", "metadata", "expirationMinutes"])
@pytest.mark.parametrize("unknown", [UNKNOWN_STRING_VALUE, secret(UNKNOWN_NUMBER_VALUE)])
def test_an_unknown_value_violates_no_rule(key: str, unknown: object) -> None:
    known = {"userId": "u", "sessionGroup": "-", "onExpired": "error", "metadata": {"owner": "team"}}

    assert names(violations_of(known | {key: unknown})) == {"sessions-per-stack"}


def test_another_policy_of_the_pack_gets_the_same_values_as_before() -> None:
    wire = {"a": secret("text"), "b": [secret({"c": "inner"})], "d": secret(3.0), "e": None}

    props = read(wire)

    assert props["a"] == "text"
    assert json.dumps(props["a"]) == '"text"'
    assert (props["b"][0]["c"], props["d"], props["e"]) == ("inner", 3.0, None)
    assert read(wire, remediates=True)["b"][0]["c"] == "inner"


_LEAVES = st.sampled_from(
    [
        None,
        True,
        -1.0,
        1e300,
        float("nan"),
        "",
        CANARY,
        f"{CANARY}@example.com",
        f"{TOKEN} {CANARY}",
        UNKNOWN_STRING_VALUE,
    ]
)
_KEYS = st.sampled_from(["role", "content", "owner", f"{CANARY} {TOKEN}", f"{CANARY}@example.com"])
_WIRE = st.recursive(
    _LEAVES,
    lambda inner: inner.map(secret) | st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*INPUTS, CANARY]), _WIRE))
def test_no_shape_crashes_a_rule_and_no_declared_value_is_repeated(wire: dict[str, Any]) -> None:
    texts = [text for _, text in violations_of(wire)]

    assert CANARY not in "".join(texts)
    assert TOKEN not in "".join(texts)
    assert all(len(text.splitlines()) == 2 for text in texts)
