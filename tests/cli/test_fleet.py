"""``quant-sessions fleet`` as a command: which commands of Pulumi it runs, what it prints, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import pytest

from quant_sessions_provider.core.errors import ConfigurationError
from quant_sessions_provider.fleet import Fleet
from quant_sessions_provider.fleet.run import LocalSwitch
from tests.cli.fleet_place import Place
from tests.support.killing import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


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
        "quant-sessions:requestsPerSecond": "4.5",
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


def test_on_another_executor_the_rate_holds_however_many_run_there(place: Place) -> None:
    place.write("parallel: 1", "config: {quant-sessions:requestsPerSecond: 9}")
    fleet = Fleet.load(place.file)
    with ThreadPoolExecutor(2) as executor:
        assert [result.outcome for result in fleet.up(executor)] == ["done"] * 4
        assert place.configuration(3)["quant-sessions:requestsPerSecond"] == "2.25"
        fleet.up(executor, slots=2)
        assert place.configuration(3)["quant-sessions:requestsPerSecond"] == "4.5"


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
    place.set(0, "locked", 'error: unable to open "postgres://me@host/state?sslmode=off&password=zzy": refused\n')
    found = run("fleet", "up", str(place.file), "--only", "0")
    assert 'unable to open "postgres://me@host/state?sslmode=off&password=***": refused' in found.out


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
        "changes": {"create": 1},
        "losses": None,
        "seconds": lines[1]["seconds"],
        "failed": [],
    }


def test_a_preview_that_cannot_be_read_is_no_plan(run: Command, place: Place) -> None:
    place.set(2, "prints", "a stream of something else")
    found = run("fleet", "preview", str(place.file))
    assert found.code == 1
    assert "support-0002 failed: its preview cannot be read: " in found.out


def test_settings_of_the_program_are_those_of_every_stack(run: Command, place: Place) -> None:
    project = {
        "name": "desk",
        "runtime": "python",
        "config": {
            "quant-sessions:requestsPerSecond": {"value": 8},
            "quant-sessions:baseUrl": "https://other.example",
            "quant-sessions:bearer": "secret",
            "quant-sessions:organization": {"value": "secret", "secret": True},
            "size": 1,
        },
    }
    (place.folder / "program" / "Pulumi.yaml").write_text(json.dumps(project))
    place.write("parallel: 2", "config: {quant-sessions:baseUrl: 'https://api.example'}")
    assert run("fleet", "up", str(place.file)).code == 0
    assert place.configuration(0) == {
        "fleet:shard": "0",
        "fleet:shards": "4",
        "quant-sessions:baseUrl": "https://api.example",
        "quant-sessions:requestsPerSecond": "4",
    }


def test_a_shard_is_run_once_and_only_if_there_is_one(place: Place) -> None:
    fleet = Fleet.load(place.file)
    assert [result.shard for result in fleet.up(shards=[3, 3])] == [3]
    with pytest.raises(ConfigurationError, match="shards must be numbers from 0 to 3"):
        fleet.up(shards=[4])


def test_nothing_is_begun_that_was_not_asked_for_any_more(place: Place) -> None:
    assert [result.outcome for result in Fleet.load(place.file).up(ends=lambda: True)] == ["interrupted"] * 4
    assert place.calls() == []


def test_what_nobody_runs_ends_with_the_run(place: Place) -> None:
    class Idle(Executor):
        def submit(self, *_: object, **__: object) -> Future[Any]:
            return Future()

    class Nobody(LocalSwitch):
        def has_nobody(self) -> bool:
            return True

    asked = iter([False, False, False])
    found = Fleet.load(place.file).up(Idle(), switch=Nobody(), ends=lambda: next(asked, True))
    assert [result.error for result in found] == ["its scheduler or its workers were lost; run it again"] * 4


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


HISTORY: Final = {"kind": "update", "result": "succeeded", "endTime": "2026-11-26T20:00:00.000Z"}


@pytest.mark.parametrize(
    ("history", "state", "runs"),
    [
        ([HISTORY], {}, False),
        ([HISTORY | {"result": "failed"}], {}, True),
        ([HISTORY | {"kind": "refresh"}], {}, True),
        ([HISTORY | {"message": "quant-sessions keep"}], {}, True),
        ([], {}, True),
        ([HISTORY], {"pending": [{"type": "creating"}]}, True),
        ([HISTORY], {"at": "2026-11-26T20:00:00.9Z"}, False),
        ([HISTORY], {"at": "2026-11-26T20:00:09Z"}, True),
    ],
    ids=["succeeded", "failed", "refreshed", "kept", "never ran", "pending", "same second", "killed after it wrote"],
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


def test_destroy_does_not_take_what_did_not_succeed(run: Command, place: Place) -> None:
    found = run("fleet", "destroy", str(place.file), "--yes", "--only", "failed")
    assert (found.code, (place.folder / "log").exists()) == (2, False)
    assert "failed is not for destroy" in found.error


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
    assert place.calls()[0].startswith("preview --json --show-replacement-steps --stack support-")
    place.set(2, "locked", "error: the database is gone")
    assert run("fleet", "preview", str(place.file), "--save", str(tmp_path / "previews")).code == 1
    assert not (tmp_path / "previews" / "support-0002.json").exists()


def test_a_terminal_shows_a_plan_as_well(run: Command, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    place.events(1, ("delete", "ada"))
    found = run("fleet", "preview", str(place.file))
    assert re.search(r"support-0001 done in .* s: 0 sessions: 1 delete\n", found.out)
    assert found.out.rstrip().endswith(": 1 delete")
    assert "support-0001 done in" not in run("fleet", "up", str(place.file)).out


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
    assert (found.code, found.error) == (130, "Asked to end: what has begun is finished and recorded\n")
    assert [line[-4:] for line in place.calls()] == ["0000"]
    assert found.out.splitlines()[-1] == "Run them again with --only 0000,0001,0002,0003"
