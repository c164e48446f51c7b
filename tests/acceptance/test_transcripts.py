"""Transcripts on the real engine: why each session was deleted, as far as the engine tells."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pulumi import Output, ResourceOptions

from quant_sessions_provider import Session
from tests.acceptance.conftest import ORGANIZATION

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.conftest import NewStack
    from tests.support.emulator_server import Emulator
    from tests.support.engine import Stack

REMOVED = "no longer declared by its name, or destroyed"
FIRST = "deleted before a resource that it depends on is replaced"


class Desks:
    """Two desks, of which the second depends on the first, and what was saved of them since the last look."""

    def __init__(self, new_stack: NewStack, folder: Path) -> None:
        self.declared: dict[str, Any] = {"user_id": "a1"}
        self.first_is_deleted_first = False
        self.second: str | None = "b"
        self.read: str | None = None
        self.folder = folder
        self.stack: Stack = new_stack(self._program)
        self.stack.config("quant-sessions:transcriptDir", str(folder))

    def _program(self) -> None:
        if self.read:
            Session.get("first", self.read)
            return
        opts = ResourceOptions(delete_before_replace=self.first_is_deleted_first or None)
        first = Session("first", opts=opts, **self.declared)
        if self.second:
            Session("second", user_id=Output.secret(self.second), session_group=first.created_at)

    def saved(self) -> set[tuple[str, str]]:
        """Return user and reason of each session, and forget them."""
        index = self.folder / "index.jsonl"
        lines = [json.loads(line) for line in index.read_text().splitlines()]
        index.unlink()
        for line in lines:
            file = json.loads((self.folder / line.pop("file")).read_text())
            assert file == file | line
            assert file["messages"] == []
        assert len({line["user"] for line in lines}) == len(lines)
        return {(line["user"], line["reason"]) for line in lines}


@pytest.fixture
def desks(new_stack: NewStack, tmp_path: Path) -> Desks:
    desks = Desks(new_stack, tmp_path / "kept")
    assert not desks.stack.up().failed
    return desks


@pytest.mark.live
def test_a_replaced_session_says_what_replaced_it(desks: Desks) -> None:
    desks.declared = {"user_id": "a2"}
    assert not desks.stack.up().failed
    assert desks.saved() == {("a1", "replaced: userId changed"), ("b", "replaced: sessionGroup changed")}

    assert not desks.stack.up(replace=[desks.stack.resources()["second"]["urn"]]).failed
    assert desks.saved() == {("b", "replaced")}

    desks.declared, desks.first_is_deleted_first = {"user_id": "a3"}, True
    assert not desks.stack.up(refresh=True).failed
    assert desks.saved() == {("a2", "replaced: userId changed"), ("b", FIRST)}


def test_a_session_that_is_no_longer_declared_says_so(desks: Desks, emulator: Emulator) -> None:
    desks.second = None
    assert not desks.stack.up(refresh=True).failed
    assert desks.saved() == {("b", REMOVED)}

    emulator.seed(ORGANIZATION, "theirs", messages=[])
    desks.read = "theirs"
    assert not desks.stack.up().failed
    assert desks.saved() == {("a1", REMOVED)}

    desks.read, desks.second = None, "b"
    assert not desks.stack.up().failed
    assert not desks.stack.destroy(run_program=True).failed
    assert desks.saved() == {("a1", REMOVED), ("b", REMOVED)}


def test_what_could_not_be_deleted_is_saved_by_the_run_that_deletes_it(desks: Desks) -> None:
    desks.declared, desks.second = {"user_id": "a2"}, None
    desks.folder.write_text("a file where the folder would be")
    assert desks.stack.up().failed
    desks.folder.unlink()
    desks.second = "b"
    assert not desks.stack.up().failed
    # An earlier run replaced it. This one knows only that its resource is declared.
    assert ("a1", "replaced") in desks.saved()
