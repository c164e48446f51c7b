"""Invalid inputs, invalid settings and refused plans: one line each, before anything is sent if possible."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from quant_sessions_provider import Session
from tests.acceptance.conftest import WHOLE
from tests.acceptance.refused import SECRETIVE, preview, problems, run_refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.acceptance.conftest import NewStack
    from tests.support.emulator_server import Emulator
    from tests.support.engine import Stack


ON_BOTH_HOSTS = WHOLE


@pytest.fixture(scope="module")
def stack(new_stack: NewStack) -> Stack:
    return new_stack(lambda: None)


def test_all_problems_are_reported_at_once_without_declared_text(stack: Stack, emulator: Emulator) -> None:
    run = preview(
        stack,
        emulator,
        user_id=" ",
        session_group="",
        organization="",
        expiration_minutes=60.5,
        renew_before_minutes=2000,
        on_expired=SECRETIVE,
        status=SECRETIVE,
        metadata=[SECRETIVE],
        messages=[
            {"role": SECRETIVE, "content": SECRETIVE},
            {"role": "user", "content": ""},
            {"role": "user"},
            {"role": "user", "content": 5},
            {"role": "user", "content": SECRETIVE, SECRETIVE: 1},
            SECRETIVE,
        ],
    )
    assert problems(run) == sorted(
        [
            "userId: must be a non-empty string",
            "sessionGroup: must be a non-empty string",
            "organization: must be a non-empty string",
            "expirationMinutes: must be a whole number of minutes from 5 to 1440, not 60.5",
            "renewBeforeMinutes: must be a whole number of minutes from 1 to 1439, not 2000",
            "onExpired: must be one of recreate, ignore, error",
            "status: must be one of active, completed",
            "metadata: must be an object",
            "messages[0].role: must be one of system, user, assistant",
            "messages[1].content: must be a non-empty string",
            "messages[2].content: must be a non-empty string",
            "messages[3].content: must be a non-empty string",
            "messages[4]: must have no keys other than role and content",
            "messages[5]: must be an object with role and content",
        ]
    )


def _in(minutes: float) -> str:
    return (datetime.now(timezone.utc) + timedelta(minutes=minutes)).isoformat()


LIFETIME = "expirationMinutes: must be a whole number of minutes from 5 to 1440"
RENEWAL = "renewBeforeMinutes: must be a whole number of minutes from 1 to 1439"
SOON = (
    "expiresAt: must be at least 5 minutes from now; it passed N minutes ago:"
    " declare a later one, or expirationMinutes instead"
)
OFFSET = "expiresAt: must be an RFC 3339 timestamp with an offset, such as 2026-11-24T17:00:00+01:00"


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        ({"user_id": None, "expires_at": "2026-11-24T17:00:00"}, [OFFSET, "userId: is required"]),
        (
            {"expiration_minutes": timedelta(minutes=4.5), "renew_before_minutes": timedelta(minutes=-5)},
            [f"{LIFETIME}, not 4.5", f"{RENEWAL}, not -5"],
        ),
    ],
    ids=["missing", "fraction"],
)
def test_a_value_out_of_range_is_reported_with_its_limits(
    stack: Stack, emulator: Emulator, declared: dict[str, Any], problem: list[str]
) -> None:
    assert problems(preview(stack, emulator, **declared)) == problem


def test_an_expiry_out_of_range_is_reported_with_its_limits(stack: Stack, emulator: Emulator) -> None:
    (text,) = problems(preview(stack, emulator, expires_at=_in(-60)))
    assert re.sub(r"\d+ minutes ago", "N minutes ago", text) == SOON


WITHOUT_ZONE = datetime.now(timezone.utc).replace(tzinfo=None)
NONE = "contains None, which Pulumi drops; omit the key"
NAIVE = "expires_at: is a datetime without a time zone; use a datetime with tzinfo"
HIDDEN = "metadata: contains a key that begins with __, which Pulumi's preview of a creation hides"
ROUNDED = "a whole number of 2^53 or more, which Pulumi rounds; use a string"
STRINGIFIED = "contains an Output that was made a string; use pulumi.Output.concat or pulumi.Output.format"


BOTH = "are mutually exclusive"
REFUSED: dict[Callable[[], dict[str, Any]], str] = {
    lambda: {"expires_at": _in(60), "expiration_minutes": 60}: f"expires_at and expiration_minutes {BOTH}",
    lambda: {"expires_at": _in(60), "renew_before_minutes": 5}: f"expires_at and renew_before_minutes {BOTH}",
    lambda: {"metadata": {"a": [{"b": None}]}}: f"metadata: {NONE}",
    lambda: {"messages": [{"role": "user", "content": None}]}: f"messages: {NONE}",
    lambda: {"metadata": {SECRETIVE: datetime.now(timezone.utc).date()}}: (
        "metadata: contains a value of type date, which JSON cannot represent; use isoformat()"
    ),
    lambda: {"metadata": {"at": datetime.now(timezone.utc)}}: "metadata: contains a value of type datetime, which",
    lambda: {"expires_at": WITHOUT_ZONE}: NAIVE,
    lambda: {"metadata": {1: SECRETIVE}}: "metadata: contains a key that is not a string",
    lambda: {"messages": (each for each in [SECRETIVE])}: "messages: is a value of type generator, which JSON",
    lambda: {"metadata": {SECRETIVE: 2**53}}: f"metadata: contains {ROUNDED}",
    lambda: {"user_id": f"{SECRETIVE} {_output(SECRETIVE)}"}: "user_id: is an Output that was made a string",
    lambda: {"messages": [{"role": "user", "content": f"{_output(1)}"}]}: f"messages: {STRINGIFIED}",
}


def test_what_the_constructor_refuses_is_one_line_each(stack: Stack, emulator: Emulator) -> None:
    said: list[str] = []

    def declare() -> dict[str, Any]:
        for declare_one in REFUSED:
            with pytest.raises(pulumi.RunError) as refused:
                Session("bad", **{"user_id": "u", **declare_one()})
            said.append(str(refused.value))
        return {"metadata": {SECRETIVE: {2}}}

    run = run_refused(stack, emulator, declare)
    # The last one ends the program.
    assert "session bad: metadata: contains a value of type set, which JSON cannot represent; use a list" in run.said()
    assert len(said) == len(REFUSED)
    for text, line in zip(said, REFUSED.values(), strict=True):
        assert text.startswith(f"session bad: {line}")
        assert SECRETIVE not in text
        assert "\n" not in text


@pytest.mark.parametrize(
    ("declare", "lines"),
    [
        (
            lambda: {
                "user_id": pulumi.Output.secret(SECRETIVE).apply(lambda text: {text}),
                "expires_at": _output(WITHOUT_ZONE),
                "metadata": _output({SECRETIVE: None}),
                "messages": _output([{"role": "user", "content": datetime.now(timezone.utc)}]),
            },
            [
                NAIVE,
                "messages: contains a value of type datetime, which JSON cannot represent; use isoformat()",
                f"metadata: {NONE}",
                "user_id: is a value of type set, which JSON cannot represent; use a list",
            ],
        ),
        (
            lambda: {
                "expiration_minutes": _output(timedelta(seconds=90)),
                "metadata": _output({"a": [{"__key": SECRETIVE}]}),
            },
            [f"{LIFETIME}, not 1.5", HIDDEN],
        ),
        (
            lambda: {"metadata": _output(SECRETIVE).apply(lambda text: {text: 2**60})},
            [f"metadata: contains {ROUNDED}"],
        ),
    ],
    ids=["types", "values", "large"],
)
def test_what_is_known_only_later_is_refused_by_check(
    stack: Stack, emulator: Emulator, declare: Callable[[], dict[str, Any]], lines: list[str]
) -> None:
    assert problems(run_refused(stack, emulator, declare)) == lines


def test_what_a_transform_adds_is_refused_by_check(stack: Stack, emulator: Emulator) -> None:
    added = {"tags": {"team": SECRETIVE}, "metadata": {SECRETIVE: 2**60}}

    def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult:
        return pulumi.ResourceTransformResult({**args.props, **added}, args.opts)

    run = run_refused(stack, emulator, lambda: {"opts": pulumi.ResourceOptions(transforms=[transform])})
    assert problems(run) == [f"metadata: contains {ROUNDED}", "tags: is not a property of a session"]


def test_hidden_keys_that_are_in_state_stay_until_metadata_changes(new_stack: NewStack) -> None:
    metadata: dict[str, Any] = {"a": 1}
    stack = new_stack(lambda: (Session("bad", user_id="u", metadata=metadata), None)[1])
    assert not stack.up().failed
    deployment = stack.export()
    (bad,) = (resource for resource in deployment["resources"] if "metadata" in resource.get("inputs", {}))
    bad["inputs"]["metadata"] = bad["outputs"]["metadata"] = {"__a": 1}
    stack.rewrite(deployment)
    metadata = {"__a": 1}
    assert stack.preview().ops("bad") == ["same"]
    metadata = {"__a": 1, "b": 2}
    assert problems(stack.preview()) == [HIDDEN]
    metadata = {"b": 2}
    assert stack.preview().ops("bad") == ["update"]


def _output(value: Any) -> pulumi.Output[Any]:  # noqa: ANN401 - as declared
    return pulumi.Output.from_input(value)
