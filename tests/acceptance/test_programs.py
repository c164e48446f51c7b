"""Programs that declare sessions: their mistakes, their processes, and runs without an engine."""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from quant_sessions_provider import Session
from tests.acceptance.conftest import ORGANIZATION
from tests.support.project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.conftest import NewStack
    from tests.support.emulator_server import Emulator
    from tests.support.service import Service

MISTAKEN = """\
import pulumi
from quant_sessions_provider import Session

Session("desk", user_id="u", expiration_minutes=pulumi.Output.secret("sixty").apply(int))
"""
COMPOSED = """\
import pulumi
from quant_sessions_provider import Session


class Team(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("teams:index:Team", name, {}, None, remote=True)


Team("team")
Session("own", user_id="own")
"""
COMPONENT = """\
from typing import TypedDict

import pulumi
from pulumi.provider.experimental import component_provider_host
from quant_sessions_provider import Session


class Arguments(TypedDict):
    pass


class Team(pulumi.ComponentResource):
    def __init__(self, name: str, args: Arguments, opts: pulumi.ResourceOptions | None = None):
        super().__init__("teams:index:Team", name, {}, opts)
        Session(f"{name}-desk", user_id="team", opts=pulumi.ResourceOptions(parent=self))
        self.register_outputs({})


component_provider_host(name="teams", components=[Team])
"""


def test_a_mistake_in_an_apply_is_an_error_and_the_program_survives_it(tmp_path: Path, emulator: Emulator) -> None:
    project = Project(tmp_path, emulator.variables(ORGANIZATION), MISTAKEN)
    project.init()
    done = project.cli("preview")
    assert "ValueError: invalid literal for int() with base 10: 'sixty'" in done.stdout.replace(" has risen", "")
    assert "exited with" not in done.stdout + done.stderr


@pytest.mark.live
def test_a_component_in_a_process_of_its_own_and_the_program_both_declare_sessions(
    tmp_path: Path, service: Service
) -> None:
    project = Project(tmp_path, service.variables(ORGANIZATION), COMPOSED)
    component = tmp_path / "teams"
    component.mkdir()
    (component / "__main__.py").write_text(COMPONENT)
    settings = json.loads((tmp_path / "Pulumi.yaml").read_text())
    (component / "PulumiPlugin.yaml").write_text(json.dumps({"runtime": settings["runtime"]}))
    settings["plugins"] = {"providers": [{"name": "teams", "path": "./teams"}]}
    (tmp_path / "Pulumi.yaml").write_text(json.dumps(settings))
    project.init()
    project.ok("up", "--yes", "--skip-preview")
    assert project.sessions().keys() == {"own", "team-desk"}
    project.ok("destroy", "--yes", "--skip-preview")


PLAIN = """\
import threading
import pulumi.dynamic
from quant_sessions_provider import Session


class Plain(pulumi.dynamic.Resource):
    pass


def declare():
    {resource}


{call}
"""
RESOURCES = ('Plain(pulumi.dynamic.ResourceProvider(), "desk", {})', 'Session("desk", user_id="u")')
CALLS = ("declare()", "thread = threading.Thread(target=declare)\nthread.start()\nthread.join()")


@pytest.mark.parametrize("call", CALLS, ids=["program", "thread"])
def test_without_an_engine_a_session_says_what_any_resource_of_pulumi_says(call: str) -> None:
    plain, ours = (_last_words(PLAIN.format(resource=resource, call=call)) for resource in RESOURCES)
    assert ours == plain


def _last_words(program: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)  # noqa: S603 - ours
    return done.returncode, "".join(done.stderr.splitlines()[-1:])


def test_nothing_of_a_run_stays_in_a_process_of_the_automation_api(new_stack: NewStack) -> None:
    stack = new_stack(_program)
    kept = []
    for _ in range(3):
        assert not stack.preview().failed
        gc.collect()
        found = gc.get_objects()
        kept.append([sum(isinstance(each, kind) for each in found) for kind in (asyncio.AbstractEventLoop, Session)])
    assert kept[0] == kept[1] == kept[2]
    assert kept[0][1] == 0


def _program() -> None:
    Session("desk", user_id="u")
