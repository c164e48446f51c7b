"""``quant-sessions fleet status`` and ``fleet timeline``: all stacks summed up and drawn; Pulumi is a shell script."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from quant_sessions_provider.core import timestamps
from tests.cli.conftest import ORGANIZATION, pulumi
from tests.support.exports import state

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command
    from tests.support.emulator_server import Emulator

SCRIPT = """\
case "$*" in
  version) echo v3.300.0;;
  "stack tag get "*) echo 3;;
  "stack export "*)
    stack="${4}"
    if [ -e "$HERE/$stack.json" ]; then cat "$HERE/$stack.json"
    elif [ -e "$HERE/$stack.error" ]; then cat "$HERE/$stack.error" >&2; exit 255
    else echo "error: no stack named '$stack' found" >&2; exit 255; fi;;
esac
"""
EVERY = ("--every", "12h", "--days", "2", "--from", "2026-03-02T00:00:00Z")


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """Return the folder of a fleet of three shards: one lives, one is not there yet, one cannot be read."""
    for file in ("Pulumi.yaml", "fleet.yaml"):
        (tmp_path / file).write_text("name: support\nshards: 3\n" if file == "fleet.yaml" else "name: desk\n")
    pulumi(tmp_path / "bin", f'HERE="{tmp_path}"\n{SCRIPT}')
    (tmp_path / "support-0002.error").write_text("error: the database is gone\n")
    return tmp_path


def write(folder: Path, sessions: dict[str, Any], pending: int = 0) -> None:
    document = state(sessions)
    document["deployment"]["pending_operations"] = [{"type": "creating"}] * pending
    (folder / "support-0000.json").write_text(json.dumps(document))


def until(minutes: int) -> str:
    return timestamps.render(datetime.now(timezone.utc) + timedelta(minutes=minutes))


def sessions() -> dict[str, Any]:
    return {
        "ada": {"expirationMinutes": 60, "expiresAt": until(40)},
        "grace": {"expirationMinutes": 60, "expiresAt": until(20), "renewBeforeMinutes": 30},
        "joan": {"expirationMinutes": 60, "expiresAt": until(-20)},
    }


def test_all_stacks_are_summed_up(run: Command, fleet: Path) -> None:
    write(fleet, sessions(), pending=2)
    found = run("fleet", "status", str(fleet / "fleet.yaml"))
    rows = {line.split()[0]: line.split()[1:] for line in found.out.splitlines() if line.startswith("support-")}
    assert rows["support-0000"] == ["3", "2", "2", "1", "0", "0", "2"]
    assert rows["support-0001"] == ["0"] * 7
    assert found.out.splitlines()[-1] == "support-0002: the database is gone"
    assert found.code == 1


def test_programs_read_the_same_as_json(run: Command, fleet: Path) -> None:
    write(fleet, sessions(), pending=2)
    found = run("fleet", "status", str(fleet / "fleet.yaml"), "--only", "0,1", "--json")
    counts = {"sessions": 3, "alive": 2, "due": 2, "expired": 1, "gone": 0, "unknown": 0, "lostAnswers": 2}
    printed = json.loads(found.out)
    assert (found.code, printed["total"]) == (0, counts)
    assert printed["stacks"][0] == {"stack": "support-0000", **counts, "error": None}


def test_the_api_is_asked_on_request_alone(run: Command, fleet: Path, account: Emulator) -> None:
    own = {"organization": ORGANIZATION, "baseUrl": account.url}
    write(fleet, {"ada": {"expirationMinutes": 60, "expiresAt": until(40), **own}})
    (only,) = json.loads(run("fleet", "status", str(fleet / "fleet.yaml"), "--only", "0", "--json").out)["stacks"]
    assert (only["alive"], account.requests()) == (1, [])
    command = ("fleet", "status", str(fleet / "fleet.yaml"), "--only", "0", "--api", "--json")
    (only,) = json.loads(run(*command).out)["stacks"]
    assert (only["alive"], only["gone"]) == (0, 1)


def test_a_stack_lives_while_all_of_its_sessions_do(run: Command, fleet: Path) -> None:
    kept = {"ada": {"expirationMinutes": 1440, "renewBeforeMinutes": 780}, "grace": {"expirationMinutes": 600}}
    write(fleet, kept)
    found = run("fleet", "timeline", str(fleet / "fleet.yaml"), *EVERY, "--json")
    printed = json.loads(found.out)
    (stack,) = printed["sessions"]
    assert (found.code, stack["name"]) == (0, "support-0000")
    assert printed["notes"] == ["support-0002: the database is gone"]
    write(fleet, {"ada": kept["ada"]})
    (alone,) = json.loads(run("fleet", "timeline", str(fleet / "fleet.yaml"), *EVERY, "--json").out)["sessions"]
    write(fleet, {"grace": kept["grace"]})
    (other,) = json.loads(run("fleet", "timeline", str(fleet / "fleet.yaml"), *EVERY, "--json").out)["sessions"]
    assert len(stack["events"]) == len(alone["events"]) + len(other["events"])
    assert stack["aliveShare"] == min(alone["aliveShare"], other["aliveShare"]) < 1


def test_a_terminal_and_a_file_show_a_bar_for_each_stack(run: Command, fleet: Path) -> None:
    write(fleet, {"ada": {"expirationMinutes": 1440, "renewBeforeMinutes": 780}})
    found = run("fleet", "timeline", str(fleet / "fleet.yaml"), *EVERY, "--svg", str(fleet / "fleet.svg"))
    assert found.code == 0
    assert "support-0000" in found.out
    assert "support-0000" in (fleet / "fleet.svg").read_text()
