"""``quant-sessions fleet`` puts right what a killed run has left, in order; Pulumi is a shell script."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from quant_sessions_provider.core.urns import SESSION_TYPE
from quant_sessions_provider.fleet import shard_run
from quant_sessions_provider.fleet.stack import MARKER
from tests.cli.conftest import ORGANIZATION
from tests.cli.fleet_place import Place

if TYPE_CHECKING:
    from tests.cli.conftest import Command
    from tests.support.emulator_server import Emulator

LOCKED: Final = """\
error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file.
  file:///x.json: created by root@elsewhere (pid 7) at 2026-11-26T20:32:53Z
"""


AT_THE_TIME: Final = {"createdAt": "2026-11-26T20:00:01Z", "expiresAt": "2099-01-01T00:00:00Z"}


@pytest.fixture
def killed(tmp_path: Path) -> Place:
    """Return a fleet with a shard whose run was killed on another machine while it created a session."""
    place = Place(tmp_path)
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
    account.seed(ORGANIZATION, "the-orphan", userId="ada", messages=talk, **AT_THE_TIME)
    account.seed(ORGANIZATION, "somebody-elses", userId="grace", **AT_THE_TIME)
    account.seed(ORGANIZATION, "made-later", userId="ada", **AT_THE_TIME | {"createdAt": "2026-11-26T20:20:00Z"})
    found = run("fleet", "up", str(killed.file), "--only", "1", "--dead-host", "elsewhere", *options)
    assert found.code == 0
    exports = ["stack export"] * (1 + bool(options))
    expected = ["up --yes", "cancel --yes", *exports, "refresh --yes", "up --yes"]
    assert [" ".join(line.split()[:2]) for line in killed.calls()] == expected
    assert "--clear-pending-creates" in killed.calls()[-2]
    assert "support-0001: broke the lock of a run that is dead: root@elsewhere (pid 7)" in found.out
    assert "support-0001: a run was killed in mid-flight: creating ada" in found.out
    assert f"session the-orphan may be what it created: it is in no state{note}" in found.out
    assert "made-later" not in found.out
    assert len(account.sessions(ORGANIZATION)) == left + 2


def test_nothing_is_deleted_while_another_run_writes_the_state(run: Command, killed: Place, account: Emulator) -> None:
    account.seed(ORGANIZATION, "the-orphan", userId="ada", **AT_THE_TIME)
    before = (killed.folder / "export.json").read_text()
    killed.export(at="2026-11-26T20:01:00Z")
    killed.set(1, "first-export", before)
    found = run("fleet", "up", str(killed.file), "--only", "1", "--dead-host", "elsewhere", "--delete-orphans")
    assert found.code == 0
    assert "session the-orphan may be what it created: it is in no state, and not deleted, since another" in found.out
    assert len(account.sessions(ORGANIZATION)) == 1


def test_a_lock_is_not_broken_twice(run: Command, killed: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_run, "LOCK_PATIENCE", 0)
    run("fleet", "preview", str(killed.file), "--only", "0")
    variables = dict(line.partition("=")[::2] for line in (killed.folder / "support-0000.env").read_text().splitlines())
    killed.set(0, "locked", LOCKED)
    other = {**os.environ, MARKER: variables[MARKER]}
    (killed.folder / "pulumi").symlink_to(Path("/bin/sleep").resolve())
    with subprocess.Popen(["pulumi", "600"], executable=killed.folder / "pulumi", env=other) as process:  # noqa: S607 - its name is what is looked at
        try:
            found = run("fleet", "up", str(killed.file), "--only", "0", "--dead-host", "elsewhere")
        finally:
            process.kill()
    assert (found.code, "another command sees to this stack now" in found.out) == (1, True)
    assert [line.split()[0] for line in killed.calls()] == ["preview", "up"]


def test_what_stays_although_it_was_put_right_ends_the_run(
    run: Command, killed: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    warning = "Attempting to deploy or update resources with 1 pending operations from previous deployment."
    killed.set(0, "events", json.dumps({"diagnosticEvent": {"severity": "warning", "message": warning}}))
    assert run("fleet", "up", str(killed.file), "--only", "0").code == 0
    assert [line.split()[0] for line in killed.calls()] == ["up", "stack", "refresh", "up"]
    monkeypatch.setattr(shard_run, "LOCK_PATIENCE", 0)
    killed.set(1, "stuck")
    killed.export()
    found = run("fleet", "up", str(killed.file), "--only", "1", "--dead-host", "elsewhere")
    assert (found.code, "failed: its lock was broken, and is there again" in found.out) == (1, True)


def test_what_was_done_is_said_also_where_the_rest_fails(run: Command, killed: Place, account: Emulator) -> None:
    account.seed(ORGANIZATION, "the-orphan", userId="ada", **AT_THE_TIME)
    killed.set(1, "fails")
    found = run("fleet", "up", str(killed.file), "--only", "1", "--dead-host", "elsewhere", "--delete-orphans")
    assert found.code == 1
    assert "session the-orphan may be what it created: it is in no state: deleted" in found.out
    assert "support-0001 failed: after a run that was killed, refresh failed: update failed" in found.out


def test_a_session_of_an_account_of_its_own_is_not_looked_for(run: Command, killed: Place, account: Emulator) -> None:
    account.seed(ORGANIZATION, "the-orphan", userId="ada", **AT_THE_TIME)
    document = json.loads((killed.folder / "export.json").read_text())
    provider = "urn:pulumi:support-0001::desk::pulumi:providers:quant-sessions::other::an-id"
    document["deployment"]["pending_operations"][0]["resource"]["provider"] = provider
    (killed.folder / "export.json").write_text(json.dumps(document))
    found = run("fleet", "up", str(killed.file), "--only", "1", "--dead-host", "elsewhere", "--delete-orphans")
    assert (found.code, len(account.sessions(ORGANIZATION))) == (0, 1)
    assert "ada: its provider is other, so orphans were not looked for" in found.out


def test_an_orphan_that_cannot_be_deleted_hides_no_other(run: Command, killed: Place, account: Emulator) -> None:
    for name in ("one", "another"):
        account.seed(ORGANIZATION, name, userId="ada", **AT_THE_TIME)
    account.fault(status=403, method="DELETE", path="/one$", count=None)
    found = run("fleet", "up", str(killed.file), "--only", "1", "--dead-host", "elsewhere", "--delete-orphans")
    assert found.code == 0
    assert "session one may be what it created: it is in no state, and not deleted: " in found.out
    assert "session another may be what it created: it is in no state: deleted" in found.out


def test_a_preview_breaks_no_lock(run: Command, killed: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_run, "LOCK_PATIENCE", 0)
    found = run("fleet", "preview", str(killed.file), "--only", "1")
    assert (found.code, "its stack is being created, and a preview breaks no locks" in found.out) == (1, True)
    assert [line.split()[0] for line in killed.calls()] == ["preview"]


def test_an_orphan_that_cannot_be_looked_for_is_said(run: Command, killed: Place) -> None:
    found = run("fleet", "up", str(killed.file), "--only", "1", "--dead-host", "elsewhere")
    assert found.code == 0
    assert "orphans could not be looked for: no API token is configured" in found.out
