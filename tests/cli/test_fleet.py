"""``quant-sessions fleet`` as a command: which commands of Pulumi it runs, what it prints, and how it ends.

Pulumi is a shell script: it records its command lines and configurations, and does what a file beside it says.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from quant_sessions_provider.core.urns import SESSION_TYPE
from quant_sessions_provider.fleet import shard_run
from tests.cli.conftest import ORGANIZATION, pulumi
from tests.support.killing import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command
    from tests.support.emulator_server import Emulator

SCRIPT: Final = """\
verb="$1"; all="$*"
while [ $# -gt 0 ]; do
  case "$1" in --event-log) log="$2";; --stack) stack="$2";; --config-file) config="$2";; esac; shift
done
[ "$verb" = version ] && { echo v3.300.0; exit; }
case "$all" in "stack init "*) stack="${all#stack init }"; stack="${stack%% *}"; touch "$HERE/$stack.there"; exit;; esac
echo "$all" | sed "s/--config-file [^ ]* //; s/--event-log [^ ]* //; s/ --non-interactive//" >> "$HERE/log"
[ -n "$config" ] && cp "$config" "$HERE/$stack.yaml" && env > "$HERE/$stack.env"
case "$all" in
  "stack tag get "*) cat "$HERE/shards";;
  "stack export "*) cat "$HERE/export.json";;
  "stack history "*) cat "$HERE/history.json";;
  cancel*) rm "$HERE/$stack.locked";;
  up*|preview*|destroy*|refresh*)
    [ -e "$HERE/$stack.there" ] || { echo "error: no stack named '$stack' found" >&2; exit 255; }
    [ -e "$HERE/$stack.locked" ] && { cat "$HERE/$stack.locked" >&2; exit 255; }
    [ -e "$HERE/$stack.slow" ] && { touch "$HERE/begun"; trap "exit 1" INT; while :; do sleep 0.05; done; }
    cat "$HERE/$stack.events" > "$log" 2>/dev/null
    [ "$verb" = preview ] && echo '{"steps": []}'
    [ -e "$HERE/$stack.fails" ] && { echo "error: update failed" >&2; exit 1; }
    exit 0;;
esac
"""
LOCKED: Final = """\
error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file.
  file:///x.json: created by root@elsewhere (pid 7) at 2026-11-26T20:32:53Z
"""


class Place:
    """A fleet of four shards, and what Pulumi does with its stacks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "fleet"
        (self.folder / "program").mkdir(parents=True)
        (self.folder / "program" / "Pulumi.yaml").write_text("name: desk\nruntime: python\n")
        self.file = self.folder / "fleet.yaml"
        self.write(f"backend: file://{self.folder}/state")
        (self.folder / "shards").write_text("4\n")
        pulumi(folder / "bin", f'HERE="{self.folder}"\n{SCRIPT}')
        for number in range(4):
            self.set(number, "there")
            self.events(number, *[("same", f"user-{number}-{one}") for one in range(number)])

    def write(self, *lines: str) -> None:
        self.file.write_text("\n".join(["name: support", "program: program", "shards: 4", *lines]))

    def set(self, number: int, what: str, text: str = "") -> Path:
        """Leave a file for the script."""
        file = self.folder / f"support-{number:04}.{what}"
        file.write_text(text)
        return file

    def events(self, number: int, *steps: tuple[str, str], error: str = "") -> None:
        """Write what the engine logs."""
        urns = [(op, f"urn:pulumi:support-{number:04}::desk::{SESSION_TYPE}::{name}") for op, name in steps]
        found: list[Any] = [{"resourcePreEvent": {"metadata": {"op": op, "urn": urn}}} for op, urn in urns]
        if error:
            found.append({"diagnosticEvent": {"severity": "error", "message": error, "urn": urns[0][1]}})
        self.set(number, "events", "\n".join(map(json.dumps, found)))

    def export(self, *, pending: list[Any] | None = None, at: str = "2026-11-26T20:00:00Z") -> None:
        """Write the state of all stacks."""
        deployment = {"manifest": {"time": at}, "resources": [], "pending_operations": pending or []}
        (self.folder / "export.json").write_text(json.dumps({"version": 3, "deployment": deployment}))

    def calls(self) -> list[str]:
        """Return the command lines of Pulumi so far, but for its tags."""
        lines = (self.folder / "log").read_text().splitlines()
        return [line for line in lines if not line.startswith("stack tag")]

    def configuration(self, number: int) -> dict[str, Any]:
        """Return the configuration that a stack was run with."""
        found: dict[str, Any] = yaml.safe_load((self.folder / f"support-{number:04}.yaml").read_text())["config"]
        return found


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_each_shard_is_run_as_a_stack_with_its_place_and_its_share_of_the_rate(run: Command, place: Place) -> None:
    place.write("parallel: 2", "config: {quant-sessions:requestsPerSecond: 9, topic: parcels}")
    found = run("fleet", "up", str(place.file))
    assert (found.code, found.error) == (0, "")
    assert sorted(place.calls()) == [f"up --yes --skip-preview {QUIET} --stack support-{n:04}" for n in range(4)]
    assert place.configuration(3) == {
        "fleet:shard": "3",
        "fleet:shards": "4",
        "quant-sessions:requestsPerSecond": "4.500",
        "topic": "parcels",
    }
    lines = found.out.splitlines()
    assert sorted(line.partition(" done in ")[0] for line in lines[:4]) == [f"support-{n:04}" for n in range(4)]
    assert lines[4].startswith("4 shards of fleet support: 4 done; 6 sessions in ")


MISSING: Final = "--scheduler needs the extra 'fleet': pip install 'quant-sessions-provider[fleet]'\n"
QUIET: Final = "--color never --suppress-outputs --suppress-progress"


def test_states_are_compressed_without_backups_and_listed_one_by_one(run: Command, place: Place) -> None:
    run("fleet", "up", str(place.file), "--only", "0")
    variables = dict(line.partition("=")[::2] for line in (place.folder / "support-0000.env").read_text().splitlines())
    assert variables["PULUMI_BACKEND_URL"] == f"file://{place.folder}/state"
    assert variables["PULUMI_DIY_BACKEND_ZSTD"] == "true"
    assert variables["PULUMI_DIY_BACKEND_PARALLEL"] == "1"
    assert variables["PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS"] == "true"


def test_another_number_of_shards_is_refused_before_anything_runs(run: Command, place: Place) -> None:
    (place.folder / "shards").write_text("5\n")
    found = run("fleet", "up", str(place.file))
    assert (found.code, found.out) == (1, "")
    assert found.error.startswith("shards: 4 was 5 when fleet support first ran, and never changes: users would move")
    assert place.calls() == []


def test_a_failed_shard_is_named_with_its_first_error(run: Command, place: Place) -> None:
    place.events(2, ("create", "ada"), ("create", "grace"), error="error: the API refused it (400)")
    place.set(2, "fails")
    found = run("fleet", "up", str(place.file))
    assert found.code == 1
    assert found.out.splitlines()[-2:] == [
        "support-0002 failed: ada: the API refused it (400)",
        "Run them again with --only 0002",
    ]


def test_a_password_that_pulumi_repeats_is_not_printed(run: Command, place: Place) -> None:
    place.set(0, "locked", 'error: unable to open state database "postgres://me:xy@zzy@host:5432/state": refused\n')
    found = run("fleet", "up", str(place.file), "--only", "0")
    assert (found.code, "zzy" in found.out) == (1, False)
    assert 'unable to open state database "postgres://me:***@host:5432/state": refused' in found.out


def test_lines_for_programs_are_json(run: Command, place: Place) -> None:
    place.events(1, ("create", "ada"))
    lines = [json.loads(line) for line in run("fleet", "up", str(place.file), "--only", "1", "--json").out.splitlines()]
    assert (lines[0]["stack"], lines[0]["outcome"], lines[0]["changes"]) == ("support-0001", "done", {"create": 1})
    assert lines[1] == {
        "kind": "summary",
        "fleet": "support",
        "verb": "up",
        "shards": 1,
        "outcomes": {"done": 1},
        "sessions": 1,
        "seconds": lines[1]["seconds"],
        "failed": [],
    }


def test_a_stack_that_is_not_there_is_created_where_there_is_something_to_do(run: Command, place: Place) -> None:
    there = place.folder / "support-0001.there"
    there.unlink()
    assert run("fleet", "destroy", str(place.file), "--yes", "--only", "1").code == 0
    assert not there.exists()
    assert run("fleet", "up", str(place.file), "--only", "1").code == 0
    assert there.exists()


def test_shards_are_chosen_by_number_and_by_slice(run: Command, place: Place) -> None:
    assert run("fleet", "up", str(place.file), "--only", "0001,3").code == 0
    assert sorted(line[-4:] for line in place.calls()) == ["0001", "0003"]
    assert run("fleet", "refresh", str(place.file), "--shards", "2/4").code == 0
    assert place.calls()[-1].split()[0] + place.calls()[-1][-5:] == "refresh-0001"


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--only", "4"), "shards must be numbers from 0 to 3"),
        (("--shards", "5/4"), "a slice must be a number of a number"),
    ],
)
def test_shards_that_there_are_not_are_refused(run: Command, place: Place, options: tuple[str, ...], line: str) -> None:
    found = run("fleet", "up", str(place.file), *options)
    assert (found.code, found.error.startswith(line)) == (1, True)


HISTORY: Final = {"result": "succeeded", "endTime": "2026-11-26T20:00:00.000Z"}


@pytest.mark.parametrize(
    ("history", "state", "runs"),
    [
        ([HISTORY], {}, False),
        ([HISTORY | {"result": "failed"}], {}, True),
        ([], {}, True),
        ([HISTORY], {"pending": [{"type": "creating"}]}, True),
        ([HISTORY], {"at": "2026-11-26T20:00:00.9Z"}, False),
        ([HISTORY], {"at": "2026-11-26T20:00:09Z"}, True),
    ],
    ids=["succeeded", "failed", "never ran", "pending", "same second", "killed after it wrote"],
)
def test_only_failed_runs_what_did_not_succeed(
    run: Command, place: Place, *, history: list[Any], state: dict[str, Any], runs: bool
) -> None:
    (place.folder / "history.json").write_text(json.dumps(history))
    place.export(**state)
    found = run("fleet", "up", str(place.file), "--only", "failed", "--shards", "1/4")
    assert found.code == 0
    assert any(line.startswith("up ") for line in place.calls()) == runs
    assert ("support-0000 skipped: its last run succeeded" in found.out) != runs


def test_destroy_asks_first(run: Command, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with (place.folder / "no").open("w+") as answer:
        answer.write("n\n")
        answer.seek(0)
        monkeypatch.setattr(sys, "stdin", answer)
        found = run("fleet", "destroy", str(place.file))
    assert found.code == 1
    assert "Delete all sessions of 4 of 4 shards of support?" in found.out
    assert not (place.folder / "log").exists()


def test_previews_are_saved_for_a_report(run: Command, place: Place, tmp_path: Path) -> None:
    assert run("fleet", "preview", str(place.file), "--save", str(tmp_path / "previews")).code == 0
    assert sorted(file.name for file in (tmp_path / "previews").iterdir()) == [f"support-{n:04}.json" for n in range(4)]
    assert place.calls()[0].startswith("preview --json --stack support-")


def test_variables_are_sent_by_name_and_never_printed(
    run: Command, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIN", "xyzzy")
    found = run("fleet", "up", str(place.file), "--only", "0", "--pass", "PIN")
    assert "PIN=xyzzy" in (place.folder / "support-0000.env").read_text()
    assert "xyzzy" not in found.out + found.error
    found = run("fleet", "up", str(place.file), "--pass", "NOT_SET")
    assert (found.code, "NOT_SET is not set" in found.error) == (2, True)


def test_without_the_extra_a_cluster_is_one_line(run: Command, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "quant_sessions_provider.fleet.dask", raising=False)
    monkeypatch.setitem(sys.modules, "distributed", None)
    found = run("fleet", "up", str(place.file), "--scheduler", "tcp://127.0.0.1:1")
    assert (found.code, found.error) == (1, MISSING)


def test_ctrl_c_interrupts_what_runs_and_begins_nothing_else(run: Command, place: Place) -> None:
    place.write("parallel: 1")
    place.set(0, "slow")

    def interrupt() -> None:
        wait_until((place.folder / "begun").exists)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    found = run("fleet", "up", str(place.file))
    assert found.code == 130
    assert [line[-4:] for line in place.calls()] == ["0000"]
    assert found.out.splitlines()[-1] == "Run them again with --only 0000,0001,0002,0003"


# --- what a killed run has left ----------------------------------------------------------------------------------


@pytest.fixture
def killed(place: Place) -> Place:
    """Return a fleet with a shard whose run was killed on another machine while it created a session."""
    place.set(1, "locked", LOCKED)
    inputs = {
        "userId": "ada",
        "organization": ORGANIZATION,
        "expiresAt": "2026-11-26T21:00:00Z",
        "expirationMinutes": 60,
    }
    urn = f"urn:pulumi:support-0001::desk::{SESSION_TYPE}::ada"
    place.export(pending=[{"type": "creating", "resource": {"type": SESSION_TYPE, "urn": urn, "inputs": inputs}}])
    return place


def test_a_lock_whose_owner_is_not_proved_dead_is_left_alone(
    run: Command, killed: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shard_run, "LOCK_PATIENCE", 0)
    found = run("fleet", "up", str(killed.file), "--only", "1")
    assert found.code == 1
    assert "locked by root@elsewhere (pid 7) since 2026-11-26T20:32:53Z: it ran on another machine" in found.out
    assert "--dead-host elsewhere" in found.out
    assert [line.split()[0] for line in killed.calls()] == ["up"]


@pytest.mark.parametrize(
    ("live", "options", "note", "left"),
    [
        (0, (), "; --delete-orphans deletes it, or it expires by itself", 1),
        (0, ("--delete-orphans",), ": deleted", 0),
        (2, ("--delete-orphans",), ", and not deleted, since it has 2 messages that nobody declared", 1),
    ],
    ids=["named", "deleted", "talked to"],
)
def test_a_shard_is_put_right_in_this_order(  # noqa: PLR0913 - fixtures and parameters
    run: Command, killed: Place, account: Emulator, *, live: int, options: tuple[str, ...], note: str, left: int
) -> None:
    talk = [{"role": "user", "content": f"Hello {number}"} for number in range(live)]
    account.seed(ORGANIZATION, "the-orphan", userId="ada", expiresAt="2099-01-01T00:00:00Z", messages=talk)
    account.seed(ORGANIZATION, "somebody-elses", userId="grace", expiresAt="2099-01-01T00:00:00Z")
    found = run("fleet", "up", str(killed.file), "--only", "1", "--dead-host", "elsewhere", *options)
    assert found.code == 0
    assert [" ".join(line.split()[:2]) for line in killed.calls()] == [
        "up --yes",
        "cancel --yes",
        "stack export",
        "refresh --yes",
        "up --yes",
    ]
    assert "--clear-pending-creates" in killed.calls()[3]
    assert "support-0001: broke the lock of a run that is dead: root@elsewhere (pid 7)" in found.out
    assert "support-0001: a run was killed in mid-flight: creating ada" in found.out
    assert f"session the-orphan may be what it created: it is in no state{note}" in found.out
    assert len(account.sessions(ORGANIZATION)) == left + 1


def test_an_orphan_that_cannot_be_looked_for_is_said(run: Command, killed: Place) -> None:
    found = run("fleet", "up", str(killed.file), "--only", "1", "--dead-host", "elsewhere")
    assert found.code == 0
    assert "orphans could not be looked for: no API token is configured" in found.out
