"""State outlives releases: this version works with the recorded state of every release."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from quant_sessions_provider import Session, native
from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.urns import PLUGIN_TYPE, SESSION_TYPE
from tests.support import state_files

if TYPE_CHECKING:
    from pathlib import Path

    from quant_sessions_provider.sdk.declared import DeclaredSession
    from tests.acceptance.conftest import NewStack
    from tests.support.emulator_server import Emulator

ON_ONE_HOST = "The recorded states are of the dynamic provider."
SUBCLASS = state_files.FOLDER / "subclass-v0.1.json"
"""The state of a session that was declared by a subclass, which had another type then."""
READ = state_files.FOLDER / "read-v0.1.json"
"""The state of sessions that `Session.get` read, of which one was read by a subclass."""
FILES = sorted(state_files.FOLDER.glob("v*.json"))


def test_every_release_has_a_recorded_state() -> None:
    assert [file.name for file in FILES][:1] == ["v0.1.json"]


def test_the_first_release_recorded_a_hook_of_the_provider() -> None:
    assert '"resourceHooks"' in FILES[0].read_text()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_recorded_state_needs_no_request_and_can_be_refreshed_and_destroyed(
    file: Path, new_stack: NewStack, emulator: Emulator
) -> None:
    deployment = state_files.fresh(file, emulator.url)
    state_files.seed(emulator, deployment)
    emulator.clear()
    stack = new_stack(state_files.program)
    stack.import_(deployment)

    for run in (stack.preview(), stack.up()):
        assert not run.failed
        assert run.ops("desk") == ["same"]
    assert emulator.requests() == []
    assert "resourceHooks" not in stack.resources()["desk"]

    before = stack.resources()["desk"]
    assert not stack.refresh().failed
    after = stack.resources()["desk"]
    assert after["inputs"] == before["inputs"]
    assert after["outputs"]["totalMessages"] == 2

    assert stack.destroy().ops("desk") == ["delete"]
    assert [request["method"] for request in emulator.requests()] == ["GET", "DELETE"]


class Team(Session):
    """A subclass of a program's own."""


class NativeTeam(native.Session):
    """The same, on the plugin."""


@pytest.mark.parametrize(
    ("file", "kind", "back"),
    [*((file, native.Session, Session) for file in FILES), (SUBCLASS, NativeTeam, Team)],
    ids=[*(file.stem for file in FILES), SUBCLASS.stem],
)
@pytest.mark.long
def test_recorded_state_moves_to_the_plugin_and_back_without_a_request(
    file: Path, kind: type[DeclaredSession], back: type[DeclaredSession], new_stack: NewStack, emulator: Emulator
) -> None:
    deployment = state_files.fresh(file, emulator.url)
    state_files.seed(emulator, deployment)
    (before,) = (r for r in deployment["resources"] if "pulumi-python:dynamic" in r["type"])
    emulator.clear()
    stack = new_stack(lambda: state_files.declare(kind))
    stack.import_(deployment)
    for declared, type_ in ((kind, PLUGIN_TYPE), (back, SESSION_TYPE)):
        stack.program = partial(state_files.declare, declared)
        run = stack.up()
        assert (run.failed, run.ops("desk")) == (False, ["same"])
        desk = stack.resources()["desk"]
        assert (desk["type"], desk["id"]) == (type_, before["id"])
    assert desk["inputs"] == before["inputs"]
    assert emulator.requests() == []
    assert stack.destroy().ops("desk") == ["delete"]


@pytest.mark.long
def test_a_subclass_keeps_the_type_of_a_session_and_takes_up_the_one_that_it_had(
    new_stack: NewStack, emulator: Emulator
) -> None:
    deployment = state_files.fresh(SUBCLASS, emulator.url)
    (before,) = (r for r in deployment["resources"] if r["type"] == "pulumi-python:dynamic:Resource")
    state_files.seed(emulator, deployment)
    emulator.clear()
    stack = new_stack(lambda: state_files.declare(Team))
    stack.import_(deployment)
    for run in (stack.preview(), stack.up()):
        assert not run.failed
        assert run.ops("desk") == ["same"]
    assert emulator.requests() == []
    (desk,) = (r for r in stack.export()["resources"] if r.get("id") == before["id"])
    assert (desk["type"], desk["inputs"]) == (SESSION_TYPE, before["inputs"])
    assert stack.destroy().ops("desk") == ["delete"]


def _read() -> None:
    Session.get("seen", "theirs")
    Team.get("seen-by-team", "theirs", organization=state_files.ORGANIZATION)


def test_a_session_that_was_read_before_is_read_again_and_nothing_else_changes(
    new_stack: NewStack, emulator: Emulator
) -> None:
    deployment = state_files.fresh(READ, emulator.url)
    before = {r["urn"]: r for r in deployment["resources"] if r["type"] == SESSION_TYPE}
    (created,) = {resource["outputs"]["createdAt"] for resource in before.values()}
    emulator.seed(state_files.ORGANIZATION, "theirs", messages=[{"role": "user", "content": "Hi"}], createdAt=created)
    emulator.clear()
    stack = new_stack(_read)
    stack.import_(deployment)
    for run in (stack.preview(), stack.up()):
        assert not run.failed
        assert {(step.name, step.op) for step in run.steps} == {("seen", "read"), ("seen-by-team", "read")}
    assert [request["method"] for request in emulator.requests()] == ["GET"] * 4
    after = {r["urn"]: r for r in stack.export()["resources"] if r["type"] == SESSION_TYPE}
    for resource in (*before.values(), *after.values()):
        # The emulator writes the fraction of a second, which the recorded time has lost.
        resource["outputs"]["createdAt"] = timestamps.parse(resource["outputs"]["createdAt"])
        for key in ("created", "modified", "sourcePosition", "stackTrace"):
            resource.pop(key, None)
    assert after == before
    assert len(after) == 2
