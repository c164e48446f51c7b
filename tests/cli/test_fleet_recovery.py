"""``quant-sessions fleet`` puts right what a killed run has left, in order; Pulumi is a shell script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from quant_sessions_provider.core.urns import SESSION_TYPE
from quant_sessions_provider.fleet import shard_run
from tests.cli.conftest import ORGANIZATION
from tests.cli.fleet_place import Place

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command
    from tests.support.emulator_server import Emulator

LOCKED: Final = """\
error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file.
  file:///x.json: created by root@elsewhere (pid 7) at 2026-11-26T20:32:53Z
"""


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
