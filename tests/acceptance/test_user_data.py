"""Declared data is sent unchanged, secrets stay secret, and unknown values are planned."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from quant_sessions_provider import Session
from tests.support.sentences import NOTHING_LOST

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.acceptance.conftest import NewStack
    from tests.support.engine import Run, Stack
    from tests.support.service import Service

pytestmark = pytest.mark.live
ODD: dict[str, Any] = {
    "user_id": "snake",
    "userId": "camel",
    "expiration_minutes": {"session_group": ["new_messages", {"created_at": True}]},
    "ключ": 'значение 🌍 \u2028 "quoted" \\ \n\t',
    "largest": 2**53 - 1,
    "negative": -(2**53) + 1,
    "float": 0.1,
    "tiny": 5e-324,
    "whole_float": 60.0,
    "empty": {"list": [], "object": {}, "text": ""},
    "null_in_a_list": [1, None, "x"],
    "deep": {"a": {"b": {"c": {"d": {"e": [[[["f"]]]]}}}}},
    "bools": [True, False, 1, 0],
}
SECRET = "s3cr3t-value"


def test_metadata_and_messages_are_sent_and_stored_unchanged(new_stack: NewStack, service: Service) -> None:
    content = "Zeile 1\n\tZeile 2 — „Anführung“ 世界 👩‍👩‍👧 {{not_a_template}} ${pulumi}"
    service.clear()

    def program() -> None:
        odd = Session("odd", user_id="u", metadata=ODD, messages=[{"role": "user", "content": content}])
        pulumi.export("metadata", odd.metadata)
        pulumi.export("messages", odd.messages)

    stack = new_stack(program)
    assert not stack.up().failed
    (post,) = service.requests(clear=True)
    assert json.dumps(post["body"]["metadata"], sort_keys=True) == json.dumps(ODD | {"whole_float": 60}, sort_keys=True)
    assert post["body"]["initialMessages"] == [{"role": "user", "content": content}]
    assert stack.outputs() == {"metadata": ODD, "messages": [{"role": "user", "content": content}]}

    assert stack.up().ops("odd") == ["same"]
    stack.refresh()
    assert stack.preview().ops("odd") == ["same"]
    stack.destroy()


def _secretive(text: str, minutes: int = 60) -> Callable[[], None]:
    def program() -> None:
        secret = pulumi.Output.secret
        session = Session(
            "quiet",
            user_id=secret(f"user {text}"),
            session_group=secret(f"group {text}"),
            expiration_minutes=minutes,
            messages=[
                {"role": "system", "content": secret(f"system {text}")},
                {"role": "user", "content": secret(f"first {text}")},
            ],
            metadata={"key": secret(f"metadata {text}"), "nested": [{"in": secret(text)}]},
        )
        pulumi.export("title", session.title)
        pulumi.export("messages", session.messages)

    return program


def _everything(stack: Stack, *runs: Run) -> str:
    """Return all text on disk (state, backups, history) and the output of the runs."""
    seen = [file.read_text() for file in stack.home.rglob("*.json*")]
    assert any('"quiet"' in text or "::quiet" in text for text in seen)
    seen += [run.text + repr(run.messages) for run in runs]
    seen += [repr(step) for run in runs for step in run.steps]
    return "\n".join(seen)


def test_secrets_are_sent_but_never_shown(new_stack: NewStack, service: Service) -> None:
    service.clear()
    stack = new_stack(_secretive(SECRET))
    runs = [stack.preview(diff=True), stack.up(), stack.refresh(), stack.preview()]
    (sent,) = [request["body"] for request in service.requests() if request["method"] == "POST"]
    assert sent["userId"] == f"user {SECRET}"
    assert sent["metadata"] == {"key": f"metadata {SECRET}", "nested": [{"in": SECRET}]}

    def grown() -> None:
        Session(
            "quiet",
            user_id=pulumi.Output.secret(f"user {SECRET}"),
            session_group=pulumi.Output.secret(f"group {SECRET}"),
            messages=[
                {"role": "system", "content": pulumi.Output.secret(f"system {SECRET}")},
                {"role": "user", "content": pulumi.Output.secret(f"first {SECRET}")},
                {"role": "assistant", "content": pulumi.Output.secret(f"second {SECRET}")},
            ],
            metadata=pulumi.Output.secret({"other": SECRET}),
        )

    stack.program = grown
    runs += [stack.preview(diff=True), stack.up()]
    assert runs[-1].said("quiet") == [
        "quiet: appends 1 message; sends its metadata without 2 keys (the API does not state whether it drops old ones)"
    ]

    stack.program = _secretive(f"changed {SECRET}")
    runs += [stack.preview(diff=True), stack.up()]
    assert runs[-1].ops("quiet") == ["create-replacement", "replace", "delete-replaced"]

    stack.program = _secretive(SECRET, minutes=3)
    runs.append(stack.preview())
    assert runs[-1].failed
    assert SECRET not in _everything(stack, *runs)
    stack.destroy()


BASE: dict[str, Any] = {"user_id": "u", "metadata": {"a": 1}, "messages": [{"role": "user", "content": "x"}]}
UNKNOWN: dict[str, tuple[Callable[[Any], dict[str, Any]], bool]] = {
    # The change, and whether the plan must be a replacement.
    "user": (lambda unknown: {"user_id": unknown}, True),
    "group": (lambda unknown: {"session_group": unknown}, True),
    "organization": (lambda unknown: {"organization": unknown}, True),
    "messages": (lambda unknown: {"messages": unknown}, True),
    "message-sent": (lambda unknown: {"messages": [{"role": "user", "content": unknown}]}, True),
    "message-new": (lambda unknown: {"messages": [*BASE["messages"], {"role": "user", "content": unknown}]}, False),
    "role-new": (lambda unknown: {"messages": [*BASE["messages"], {"role": unknown, "content": "y"}]}, True),
    "lifetime": (lambda unknown: {"expiration_minutes": unknown}, False),
    "renewal": (lambda unknown: {"renew_before_minutes": unknown}, False),
    "expires-at": (lambda unknown: {"expires_at": unknown}, False),
    "policy": (lambda unknown: {"on_expired": unknown}, False),
    "status": (lambda unknown: {"status": unknown}, False),
    "metadata": (lambda unknown: {"metadata": unknown}, False),
    "metadata-value": (lambda unknown: {"metadata": {"a": {"b": [unknown]}}}, False),
}


@pytest.fixture(scope="module")
def unknown_runs(new_stack: NewStack) -> tuple[Run, Run]:
    """Preview the creation of sessions with unknown values, and changes to unknown values."""

    def known() -> None:
        for name in UNKNOWN:
            Session(name, **BASE)

    def unknown() -> None:
        fresh = Session("fresh", user_id="fresh")
        for name, (change, _) in UNKNOWN.items():
            Session(name, **BASE | change(fresh.id))

    creation = new_stack(unknown).preview()
    stack = new_stack(known)
    assert not stack.up().failed
    stack.program = unknown
    change = stack.preview()
    stack.destroy()
    return creation, change


def test_a_creation_from_unknown_values_can_be_previewed(unknown_runs: tuple[Run, Run]) -> None:
    creation, change = unknown_runs
    assert not creation.failed
    assert not change.failed
    assert {step.op for step in creation.steps} == {"create"}


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_value_is_planned_as_the_worst_case(name: str, unknown_runs: tuple[Run, Run]) -> None:
    _, change = unknown_runs
    _, replaces = UNKNOWN[name]
    assert change.ops(name) == (["create-replacement", "replace", "delete-replaced"] if replaces else ["update"])
    (said,) = change.said(name)
    assert (f"may change: {NOTHING_LOST}" in said) == replaces
