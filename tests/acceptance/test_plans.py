"""A plan says the worst that may happen, and what it shows is what is sent."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi import ResourceOptions, ResourceTransformArgs, ResourceTransformResult

from quant_sessions_provider import Message, Session
from quant_sessions_provider.core import timestamps
from tests.acceptance.conftest import ORGANIZATION
from tests.support.ageing import age

if TYPE_CHECKING:
    from tests.acceptance.conftest import Host, NewStack
    from tests.support.emulator_server import Emulator
    from tests.support.engine import Stack

REPLACED = ["create-replacement", "replace", "delete-replaced"]
TALK: list[Message] = [{"role": "user", "content": text} for text in ("one", "two", "three")]


def _in(minutes: float) -> str:
    return timestamps.render(datetime.now(timezone.utc) + timedelta(minutes=minutes))


class Program:
    """One session, declared as each step says."""

    def __init__(self, new_stack: NewStack, **declared: Any) -> None:  # noqa: ANN401 - arguments
        self.declared, self.stack = declared, new_stack(self)

    def __call__(self) -> None:
        declared = dict(self.declared)
        secret = declared.pop("secret_expiry", None)
        if secret:
            declared["expires_at"] = pulumi.Output.secret(secret)
        Session("desk", user_id="u", **declared)

    def state(self) -> dict[str, Any]:
        outputs: dict[str, Any] = self.stack.resources()["desk"]["outputs"]
        return outputs

    def up(self, emulator: Emulator, **declared: Any) -> tuple[str, list[str], list[int]]:  # noqa: ANN401 - arguments
        """Run with other declarations; return the operation, what was said, and by how much it was extended."""
        self.declared = declared or self.declared
        emulator.clear()
        up = self.stack.up()
        assert not up.failed, up.text
        extended = [r["body"]["additionalMinutes"] for r in emulator.requests() if r["path"].endswith("/extend")]
        return up.step("desk").op, up.said("desk"), extended


def test_an_expiry_that_is_not_known_yet_is_planned_at_its_worst(new_stack: NewStack, emulator: Emulator) -> None:
    def program() -> None:
        first = Session("a", user_id="u")
        Session("b", user_id="v", expires_at=first.granted_expires_at, messages=TALK)

    stack = new_stack(program)
    assert not stack.up().failed
    emulator.behave(expired="lingering")
    _talk(emulator, stack, "b")
    age(stack, emulator, {"a": 61, "b": 61})
    preview = stack.preview()
    assert (preview.ops("a"), preview.ops("b")) == (REPLACED, REPLACED)
    (said,) = preview.said("b")
    assert "replacing it loses " in said
    assert said.endswith("until the declared expiresAt")
    up = stack.up()
    assert (up.failed, up.ops("b")) == (False, REPLACED)
    emulator.reset_behaviours()


def _talk(emulator: Emulator, stack: Stack, name: str) -> None:
    emulator.append(ORGANIZATION, stack.resources()[name]["id"], [{"role": "user", "content": "Are you there?"}])


def test_a_short_grant_extends_and_replaces_no_session_whose_expiry_is_ignored(
    new_stack: NewStack, emulator: Emulator
) -> None:
    ignored = {"by-name": ["expiresAt"], "all": ["*"]}

    def program() -> None:
        for name, paths in ignored.items():
            opts = ResourceOptions(ignore_changes=paths)
            Session(name, user_id=name, renew_before_minutes=30, opts=opts)

    stack = new_stack(program)
    emulator.behave(grantOffsetMinutes=-40)
    assert not stack.up().failed
    emulator.reset_behaviours()
    for minutes in (0, 25):
        age(stack, emulator, dict.fromkeys(ignored, minutes))
        emulator.clear()
        up = stack.up()
        assert all(up.ops(name) == ["same"] for name in ignored)
        assert emulator.requests() == []
    ignored = {name: [] for name in ignored}
    preview = stack.preview()
    assert all(preview.ops(name) == REPLACED for name in ignored)


def test_a_planned_expiry_that_is_declared_by_hand_leaves_no_lifetime(
    new_stack: NewStack, emulator: Emulator, host: Host
) -> None:
    program = Program(new_stack, expiration_minutes=60)
    program.up(emulator)
    planned = program.state()["expiresAt"]
    assert program.up(emulator, expires_at=planned)[2] == []
    # The plugin cannot tell it from what ignoreChanges leaves to the lifetime.
    assert ("expirationMinutes" in program.state()) == (host == "plugin")
    assert program.up(emulator, expiration_minutes=120)[2] == ([60] if host == "plugin" else [])
    assert program.state()["expirationMinutes"] == 120
    assert (program.state()["expiresAt"] == planned) == (host == "dynamic")


def test_a_declared_expiry_is_held_to_the_minute(new_stack: NewStack, emulator: Emulator) -> None:
    until, later = _in(40), _in(50)
    program = Program(new_stack, expires_at=until, status="completed")
    program.up(emulator)
    assert program.up(emulator, expires_at=later, status="completed")[2] == []
    assert program.up(emulator, expires_at=later, status="active")[2] == [10]
    assert program.up(emulator, expires_at=until)[2] == []
    assert program.state()["unsentExpirySeconds"] == -600
    assert program.up(emulator, expires_at=later)[2] == []
    assert "unsentExpirySeconds" not in program.state()


def test_messages_that_are_there_already_are_said_and_none_are_not(new_stack: NewStack, emulator: Emulator) -> None:
    program = Program(new_stack)
    program.up(emulator)
    assert program.up(emulator, messages=[]) == ("update", ["desk: nothing is sent"], [])
    emulator.append(ORGANIZATION, program.stack.resources()["desk"]["id"], TALK[:1])
    _, said, _ = program.up(emulator, messages=TALK[:1])
    assert said == [
        "desk: appends 1 message",
        "desk: 1 message is already in the conversation: not sent again",
    ]
    assert {request["method"] for request in emulator.requests()} == {"GET"}


def test_a_transform_cannot_plan_an_expiry_in_two_ways(new_stack: NewStack) -> None:
    def both(args: ResourceTransformArgs) -> ResourceTransformResult:
        return ResourceTransformResult({**args.props, "expiresAt": _in(90)}, args.opts)

    program = Program(new_stack, expiration_minutes=60, opts=ResourceOptions(transforms=[both]))
    preview = program.stack.preview()
    assert preview.failed
    assert preview.refusal("desk").endswith("expiresAt: excludes expirationMinutes; declare one of them")


def test_a_secret_expiry_is_in_no_sentence(new_stack: NewStack, emulator: Emulator) -> None:
    moments: list[str] = []

    def declared(minutes: float) -> dict[str, Any]:
        moments.append(_in(minutes))
        return {"secret_expiry": moments[-1]}

    program = Program(new_stack, **declared(90))
    emulator.behave(grantOffsetMinutes=-40)
    said = program.up(emulator)[1]
    assert said[-1].startswith("desk: asked to live until the declared expiresAt, granted until ")
    emulator.reset_behaviours()
    for minutes in (200, 100, 300):
        said += program.up(emulator, **declared(minutes))[1]
    clocks = {moment[11:16] for moment in moments}
    assert not [line for line in said for clock in clocks if clock in line.partition("granted until")[0]]
