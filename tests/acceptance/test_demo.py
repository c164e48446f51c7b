"""``make up`` on the real engine, before it destroys a conversation."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.support.engine import pulumi_command
from tools import demo, demo_stack
from tools.demo_stack import Stack

if TYPE_CHECKING:
    import pytest

    from tests.support.emulator_server import Emulator


def test_up_names_what_a_replacement_loses_and_changes_nothing(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo_stack, "DEMO", tmp_path)
    stack = Stack("demo", tmp_path / "demo")
    stack.folder.mkdir()
    settings = demo.emulator_environment(os.environ, urlsplit(emulator.url).port or 0)
    env = stack.environment(settings, Path(pulumi_command().command).parent)
    stack.prepare(env)
    assert stack.run(env, "up", "--yes", "--skip-preview") == 0
    (session,) = stack.sessions()
    emulator.append("demo", session["id"], [{"role": "user", "content": "Is it open?"}] * 2)
    config = stack.folder / "Pulumi.demo.yaml"
    config.write_text(config.read_text().replace("support-demo", "another-group"))
    for name, value in {"DEMO": tmp_path, "POLICIES": (), "_ready": lambda: (stack, env)}.items():
        monkeypatch.setattr(demo, name, value)
    monkeypatch.delenv("YES", raising=False)

    assert demo.main("up") == 1

    lines = capfd.readouterr().err.splitlines()
    assert lines[-3:] == [
        "This run destroys what cannot be brought back:",
        "  desk: 2 undeclared messages",
        "Nothing was changed. To go on: make up YES=1",
    ]
    assert [one["id"] for one in emulator.sessions("demo")] == [session["id"]]
