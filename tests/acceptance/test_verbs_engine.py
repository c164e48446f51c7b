"""Pulumi's commands and flags: what each plans and sends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from pulumi import ResourceHook, ResourceHookArgs, ResourceHookBinding, ResourceHookOptions, ResourceOptions

from quant_sessions_provider import Session
from tests.acceptance.conftest import ORGANIZATION
from tests.acceptance.wire import PATH
from tests.support.ageing import age

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.acceptance.conftest import Host, NewStack
    from tests.support.emulator_server import Emulator
    from tests.support.engine import Run, Stack
    from tests.support.service import Service

REPLACE = ["create-replacement", "replace", "delete-replaced"]
RECREATED = " and is gone; the new one lives until about "
NAMES = ("desk", "other", "lost", "expired", "picked")


@dataclass
class Walk:
    """Results and requests of the runs of the shared stack."""

    stack: Stack
    emulator: Emulator
    runs: dict[str, Run] = field(default_factory=dict)
    requests: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    after_refresh: dict[str, Any] = field(default_factory=dict)

    def do(self, name: str, run: Callable[[], Run]) -> None:
        self.emulator.clear()
        self.runs[name] = run()
        # Sessions that a run deletes or creates are looked up in the state before or after the run.
        before = dict(self.names)
        self.names |= {resource["id"]: found for found, resource in self.stack.resources().items()}
        self.requests[name] = [self._request(request, before) for request in self.emulator.requests()]

    def _request(self, request: dict[str, Any], before: dict[str, str]) -> tuple[str, str]:
        if request["method"] == "POST":
            return "POST", request["body"]["userId"]
        if request["path"] == PATH:
            return "LIST", request["query"]["userId"]
        session = request["path"].removeprefix(PATH).split("/")[1]
        return request["method"], before.get(session, self.names.get(session, session))

    def urn(self, name: str) -> str:
        urn: str = self.stack.resources()[name]["urn"]
        return urn

    def lose(self) -> None:
        self.emulator.api("DELETE", ORGANIZATION, f"/{self.stack.resources()['lost']['id']}")
        age(self.stack, self.emulator, {"expired": 61})

    def asked(self, run: str, *names: str) -> list[str]:
        """Return the methods of the requests for some sessions in a run, in order."""
        return [method for method, name in self.requests[run] if name in names]


@pytest.fixture(scope="module")
def walk(new_stack: NewStack, emulator: Emulator) -> Walk:
    version = 1

    def program() -> None:
        for name in NAMES:
            Session(name, user_id=name, metadata={"v": version} if name in ("desk", "other") else None)

    stack = new_stack(program)
    walk = Walk(stack, emulator)
    walk.do("create", stack.up)
    version = 2
    walk.do("target", lambda: stack.preview(target=[walk.urn("desk")]))
    walk.do("exclude", lambda: stack.up(exclude=[walk.urn("other")]))
    walk.lose()
    emulator.append(ORGANIZATION, stack.resources()["picked"]["id"], [{"role": "user", "content": "Hello"}])
    walk.do("preview", lambda: stack.preview(replace=[walk.urn("picked")]))
    walk.do("preview --refresh", lambda: stack.preview(refresh=True))
    walk.do("up --refresh", lambda: stack.up(refresh=True, replace=[walk.urn("picked")]))
    walk.lose()
    walk.do("refresh --run-program", lambda: stack.refresh(run_program=True))
    walk.after_refresh = stack.resources()
    return walk


def test_only_the_target_is_planned(walk: Walk) -> None:
    run = walk.runs["target"]
    assert {step.name: step.op for step in run.steps} == dict.fromkeys(NAMES, "same") | {"desk": "update"}
    assert run.said("desk") == ["desk: sends its metadata"]
    assert walk.requests["target"] == []


def test_excluded_sessions_are_unchanged(walk: Walk) -> None:
    assert {step.name: step.op for step in walk.runs["exclude"].steps} == (
        dict.fromkeys(NAMES, "same") | {"desk": "update"}
    )
    assert walk.requests["exclude"] == [("PUT", "desk")]


def test_replace_recreates_the_session_and_reports_no_loss(walk: Walk) -> None:
    assert walk.runs["preview"].ops("picked") == REPLACE
    assert walk.runs["up --refresh"].ops("picked") == ["refresh", *REPLACE]
    assert not any("loses" in text for run in walk.runs.values() for _, text in run.messages)
    assert walk.asked("preview", "picked") == []
    assert walk.asked("up --refresh", "picked") == ["GET", "POST", "DELETE"]


def test_only_a_refresh_notices_a_lost_session(walk: Walk) -> None:
    assert walk.runs["preview"].ops("lost") == ["same"]
    assert walk.asked("preview", "lost") == []
    for run, sent in {"preview --refresh": ["GET", "LIST"], "up --refresh": ["GET", "LIST", "POST"]}.items():
        assert walk.runs[run].ops("lost") == ["refresh", "create"]
        assert walk.asked(run, "lost") == sent
    assert walk.asked("refresh --run-program", "lost") == ["GET", "LIST"]
    assert "lost" not in walk.after_refresh


def test_refreshing_first_leads_to_the_same_place_after_expiry(walk: Walk) -> None:
    proof = ["GET", "LIST"]
    # The deletion of what is gone fails, and that it is gone is proved; by then the list holds the new session.
    replaced = ["POST", "DELETE", *proof, "LIST"]
    for run, before, sent in (
        ("preview", [], proof),
        # An old observation proves nothing: the plan asks again.
        ("preview --refresh", ["refresh"], [*proof, *proof]),
        ("up --refresh", ["refresh"], [*proof, *proof, *replaced]),
    ):
        assert walk.runs[run].ops("expired") == [*before, *REPLACE]
        assert [RECREATED in text for text in walk.runs[run].said("expired")] == [True]
        assert walk.asked(run, "expired") == sent
    assert walk.asked("refresh --run-program", "expired") == proof
    assert walk.after_refresh["expired"]["outputs"]["expired"] is True


def test_destroy_uses_a_new_setting_only_after_up_or_with_run_program(walk: Walk, tmp_path: Path) -> None:
    """A plain destroy has the configuration of the last up, and so would save no conversation."""
    walk.stack.config("quant-sessions:transcriptDir", str(tmp_path / "saved"))
    assert not walk.stack.destroy(target=[walk.urn("other")]).failed
    assert not (tmp_path / "saved").exists()
    kept = {f"{resource['id']}.json" for name, resource in walk.stack.resources().items() if name != "expired"}
    assert not walk.stack.destroy(run_program=True).failed
    assert {file.name for file in (tmp_path / "saved").iterdir()} == {*kept, "index.jsonl"}


@pytest.mark.live
def test_hooks_of_the_program_can_stop_update_and_destroy(new_stack: NewStack, service: Service) -> None:
    version, deleted = 1, []

    def refuse(_args: ResourceHookArgs) -> None:
        raise RuntimeError("not today")

    def program() -> None:
        update = ResourceHook("refuses", refuse, ResourceHookOptions(on_dry_run=True))
        delete = ResourceHook("notes", lambda args: deleted.append(args.name), ResourceHookOptions())
        hooks = ResourceHookBinding(before_update=[update], before_delete=[delete])
        Session("desk", user_id="u", metadata={"v": version}, opts=ResourceOptions(hooks=hooks))

    stack = new_stack(program)
    assert not stack.up().failed
    service.clear()
    version = 2
    preview = stack.preview()
    assert preview.failed
    assert any('before hook "refuses" failed: not today' in text for text in preview.said("desk"))
    plain = stack.destroy()
    assert plain.failed
    text = "Resource has delete hooks registered, but the program is not running. Hooks: notes"
    assert plain.said("desk") == [text]
    assert service.requests() == []
    version = 1
    assert not stack.destroy(run_program=True).failed
    assert deleted == ["desk"]


def test_an_existing_session_is_read_in_every_run(new_stack: NewStack, emulator: Emulator) -> None:
    emulator.seed(ORGANIZATION, "theirs", messages=[{"role": "user", "content": "Hi"}])
    stack = new_stack(lambda: pulumi.export("count", Session.get("seen", "theirs").total_messages))
    emulator.clear()
    for run in (stack.up(), stack.preview()):
        assert run.ops("seen") == ["read"]
    assert stack.outputs() == {"count": 1}
    assert [r["method"] for r in emulator.requests(clear=True)] == ["GET", "GET"]


def test_a_bare_id_cannot_be_imported(new_stack: NewStack, emulator: Emulator, host: Host) -> None:
    emulator.seed(ORGANIZATION, "known")
    stack = new_stack(lambda: (Session("adopted", user_id="u", opts=ResourceOptions(import_="known")), None)[1])
    emulator.clear()
    line = "session adopted: import_ is not supported; Session.get reads an existing session"
    up = stack.up()
    assert up.failed
    assert "Traceback" not in up.text
    if host == "dynamic":
        assert line in up.said()
    assert emulator.requests() == []
    assert "adopted" not in stack.resources()


def test_reading_a_missing_session_fails_with_one_line(new_stack: NewStack, emulator: Emulator) -> None:
    stack = new_stack(lambda: (Session.get("seen", "no-such"), None)[1])
    for run in (stack.preview(), stack.up()):
        assert run.failed
        assert "Traceback" not in run.text
        assert any(
            f"session no-such is not found at {emulator.url}: nothing to read" in line for _, line in run.messages
        )
