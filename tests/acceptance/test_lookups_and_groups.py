"""Groups and lookups on the real engine, in one stack with a program that is edited."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pulumi
import pytest
from pulumi import Alias, ResourceOptions

from quant_sessions_provider import (
    FoundSession,
    ListedSession,
    Message,
    Session,
    SessionGroup,
    get_session_output,
    list_sessions_output,
)
from tests.acceptance.conftest import ORGANIZATION
from tests.support.ageing import age
from tests.support.project import Project

if TYPE_CHECKING:
    from tests.acceptance.conftest import NewStack
    from tests.support.emulator_server import Emulator
    from tests.support.engine import Run, Stack

ON_ONE_HOST = "The types in state are the dynamic provider's; test_native and test_two_accounts have the plugin's."
GROUP: Final = "urn:pulumi:test::acceptance::quant:SessionGroup"
IN_GROUP: Final = f"{GROUP}$pulumi-python:dynamic/quant:Session"
HELLO: Final[Message] = {"role": "user", "content": "Hello"}


@dataclass
class Seen:
    """Results of lookups in one run."""

    listed: list[ListedSession] = field(default_factory=list)
    found: list[FoundSession] = field(default_factory=list)


def _single() -> None:
    """Declare one session without a group."""
    Session("desk-ada", user_id="ada", session_group="course", messages=[HELLO])


def _moved(key: str) -> ResourceOptions | None:
    alone = Alias(name="desk-ada", parent=pulumi.ROOT_STACK_RESOURCE)
    return ResourceOptions(aliases=[alone]) if key == "ada" else None


def _grouped(seen: Seen, *, renamed: bool = False) -> None:
    """Move the session into a group. With ``renamed`` the group also has other users, in another order."""
    first = Session("first", user_id="first")
    users = {"guest": "eve@example.com", "ada": "ada"} if renamed else {"ada": "ada", "bob": "bob"}
    group = SessionGroup(
        "class" if renamed else "workshop",
        user_ids=users | {"dee": pulumi.Output.secret("dee@example.com")},
        session_group="course",
        messages=[HELLO],
        metadata={"version": 2 if renamed else 1},
        session_opts=_moved,
        opts=ResourceOptions(
            aliases=[Alias(name="workshop")] if renamed else None,
            depends_on=[first],
            ignore_changes=["metadata"],
            retain_on_delete=renamed,
        ),
    )
    pulumi.export("ids", group.session_ids)
    found = get_session_output(group.sessions["dee"].id)
    pulumi.export("found", found)
    pulumi.export("listed", group.session_ids.apply(lambda _: list_sessions_output(session_group="course")))
    found.apply(seen.found.append)
    list_sessions_output(user_id=group.sessions["ada"].user_id).apply(seen.listed.extend)


@dataclass(frozen=True)
class Walk:
    """Results of the runs of the shared stack."""

    emulator: Emulator
    ada: str
    preview: Run
    previewed: Seen
    preview_requests: list[dict[str, Any]]
    up: Run
    seen: Seen
    state: dict[str, dict[str, Any]]
    whole_state: str
    outputs: dict[str, Any]
    edited: Run
    edited_requests: list[dict[str, Any]]
    edited_state: dict[str, dict[str, Any]]
    quiet: Run
    expired: Run
    expired_seen: Seen


@pytest.fixture(scope="module")
def stack(new_stack: NewStack, emulator: Emulator) -> Stack:
    variables = dict.fromkeys(emulator.variables(ORGANIZATION), "")
    stack = new_stack(_single, **variables)
    stack.config("quant-sessions:bearer", emulator.token, secret=True)
    stack.config("quant:organization", ORGANIZATION)
    stack.config("quant-sessions:baseUrl", emulator.url)
    return stack


@pytest.fixture(scope="module")
def walk(stack: Stack, emulator: Emulator) -> Walk:
    assert not stack.up().failed
    ada = stack.resources()["desk-ada"]["id"]
    emulator.clear()
    previewed, seen = Seen(), Seen()
    stack.program = lambda: _grouped(previewed)
    preview, preview_requests = stack.preview(), emulator.requests()
    stack.program = lambda: _grouped(seen)
    up, state, whole, outputs = stack.up(), stack.resources(), json.dumps(stack.export()), stack.outputs()
    emulator.clear()
    stack.program = lambda: _grouped(Seen(), renamed=True)
    edited, edited_requests, edited_state = stack.up(), emulator.requests(), stack.resources()
    quiet = stack.preview()
    age(stack, emulator, {"class-dee": 70})
    expired_seen = Seen()
    stack.program = lambda: _grouped(expired_seen, renamed=True)
    expired = stack.preview()
    return Walk(
        emulator=emulator,
        ada=ada,
        preview=preview,
        previewed=previewed,
        preview_requests=preview_requests,
        up=up,
        seen=seen,
        state=state,
        whole_state=whole,
        outputs=outputs,
        edited=edited,
        edited_requests=edited_requests,
        edited_state=edited_state,
        quiet=quiet,
        expired=expired,
        expired_seen=expired_seen,
    )


def test_a_preview_lists_the_sessions_under_their_group(walk: Walk) -> None:
    assert walk.preview.step("workshop").urn == f"{GROUP}::workshop"
    for key in ("bob", "dee"):
        step = walk.preview.step(f"workshop-{key}")
        assert (step.op, step.urn) == ("create", f"{IN_GROUP}::workshop-{key}")


def test_a_single_session_moves_into_the_group_without_a_replacement(walk: Walk) -> None:
    assert (walk.preview.ops("workshop-ada"), walk.up.ops("workshop-ada")) == (["same"], ["same"])
    assert walk.state["workshop-ada"]["id"] == walk.ada
    assert walk.state["workshop-ada"]["urn"] == f"{IN_GROUP}::workshop-ada"


def test_the_group_is_in_state_with_its_type_and_outputs(walk: Walk) -> None:
    group = walk.state["workshop"]
    assert group["type"] == "quant:SessionGroup"
    assert set(group["outputs"]) == {"sessionIds", "expiresAt", "grantedExpiresAt"}
    ids = {key: walk.state[f"workshop-{key}"]["id"] for key in ("ada", "bob", "dee")}
    assert group["outputs"]["sessionIds"] == walk.outputs["ids"] == ids


def test_a_secret_user_id_is_nowhere_in_plain_text(walk: Walk) -> None:
    assert isinstance(walk.state["workshop-dee"]["inputs"]["userId"], dict)
    for text in (walk.whole_state, walk.preview.text, walk.up.text):
        assert "dee@example.com" not in text
        assert walk.emulator.token not in text


def test_options_of_the_group_apply_to_its_sessions(walk: Walk) -> None:
    first = walk.state["first"]["urn"]
    for key in ("ada", "bob", "dee"):
        assert walk.state[f"workshop-{key}"]["dependencies"] == [first]
    assert walk.state["workshop"]["dependencies"] == [first]
    for key in ("ada", "dee", "guest"):
        assert walk.edited_state[f"class-{key}"]["retainOnDelete"] is True
    assert "metadata" not in walk.edited_state["class-ada"]["inputs"]
    assert walk.edited_state["class-dee"]["inputs"]["metadata"] == {"version": 1}


def test_editing_and_renaming_a_group_changes_only_edited_users(walk: Walk) -> None:
    ops = {name: walk.edited.ops(name) for name in ("class-ada", "class-dee", "class-guest", "workshop-bob", "class")}
    assert ops == {
        "class-ada": ["same"],
        "class-dee": ["same"],
        "class-guest": ["create"],
        "workshop-bob": ["delete"],
        "class": ["same"],
    }
    bob = walk.state["workshop-bob"]["id"]
    sent = [(r["method"], (r["body"] or {}).get("userId")) for r in walk.edited_requests if r["method"] != "GET"]
    assert sent == [("POST", "eve@example.com"), ("DELETE", None)]
    assert walk.edited_requests[-1]["path"].endswith(f"/{bob}")
    for key in ("ada", "dee"):
        assert walk.edited_state[f"class-{key}"]["id"] == walk.state[f"workshop-{key}"]["id"]
    assert {step.op for step in walk.quiet.steps} == {"same"}


def test_a_preview_runs_only_lookups_with_known_arguments(walk: Walk) -> None:
    assert [session.id for session in walk.previewed.listed] == [walk.ada]
    assert walk.previewed.found == []
    assert [(r["method"], r["query"].get("userId")) for r in walk.preview_requests] == [("GET", "ada")] * 2


def test_an_up_looks_up_sessions_that_it_created(walk: Walk) -> None:
    (found,) = walk.seen.found
    assert (found.id, found.messages) == (walk.state["workshop-dee"]["id"], [HELLO])
    assert [session.id for session in walk.seen.listed] == [walk.ada]


def test_a_preview_does_not_look_up_a_session_that_it_recreates(walk: Walk) -> None:
    assert not walk.expired.failed
    assert walk.expired.ops("class-dee") == ["create-replacement", "replace", "delete-replaced"]
    assert walk.expired_seen.found == []


def test_results_of_lookups_are_secret_in_state(walk: Walk) -> None:
    for name in ("found", "listed"):
        assert "ciphertext" in walk.outputs[name]


PROGRAM = """\
import pulumi
from quant_sessions_provider import get_session_output, list_sessions

pulumi.export("listed", len(list_sessions(session_group="course")))
get_session_output("nowhere")
"""


@pytest.mark.usefixtures("walk")
def test_lookups_of_a_program_on_disk_read_the_environment(
    tmp_path_factory: pytest.TempPathFactory, emulator: Emulator
) -> None:
    project = Project(tmp_path_factory.mktemp("project"), emulator.variables(ORGANIZATION))
    (project.folder / "__main__.py").write_text(PROGRAM)
    project.init("test")
    emulator.clear()
    done = project.cli("preview")
    assert done.returncode
    assert "Traceback" not in done.stdout + done.stderr
    line = (
        f"error: get_session: session nowhere was not found at {emulator.url}:"
        " it has expired, was deleted, or belongs to another organization"
    )
    assert done.stdout.partition("Diagnostics:")[2].count(line) == 1
    assert [request["query"].get("sessionGroup") for request in emulator.requests()] == ["course", "course", None]
