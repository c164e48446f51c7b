"""Whose lock it is, and whether that run is proved dead: never by its age."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from quant_sessions_provider.fleet.locks import Lock, leftovers, locks_in, why_it_may_live

ERROR = """\
 code: 255
 stdout:
 stderr: error: the stack is currently locked by 2 lock(s). Either wait for the other process(es) to end or delete the \
lock file with `pulumi cancel`.
  file:///state/.pulumi/locks/organization/desk/support-0000/a.json?no_tmp_dir=true: created by root@vm (pid 10931) at \
2026-11-26T20:32:53Z
  file:///state/.pulumi/locks/organization/desk/support-0000/b.json: created by a@b@host.example (pid 7) at \
2020-01-01T00:00:00Z
"""
HERE = socket.gethostname()
STATE = "file:///state/.pulumi/locks/organization/desk/support-0000"
BEGAN = datetime(2026, 11, 26, 21, tzinfo=timezone.utc)


def lock(pid: int, host: str = HERE, at: str = "2020-01-01T00:00:00Z") -> Lock:
    return Lock("file:///x.json", "root", host, pid, at)


def test_owners_are_read_as_pulumi_names_them() -> None:
    first, second = locks_in(ERROR)
    assert first == Lock(f"{STATE}/a.json?no_tmp_dir=true", "root", "vm", 10931, "2026-11-26T20:32:53Z")
    assert (second.user, second.host, second.pid) == ("a@b", "host.example", 7)
    assert str(first) == "root@vm (pid 10931) since 2026-11-26T20:32:53Z"
    assert locks_in("error: something else") == []


@pytest.fixture
def ended() -> int:
    """Return the number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


@pytest.mark.parametrize("at", ["2020-01-01T00:00:00Z", "2120-01-01T00:00:00Z"])
def test_an_owner_that_has_ended_here_is_dead_however_old_its_lock_is(ended: int, at: str) -> None:
    assert why_it_may_live(lock(ended, at=at), (), BEGAN) == ""


def test_a_pulumi_that_runs_here_lives_however_old_its_lock_is(tmp_path: Path) -> None:
    (tmp_path / "pulumi").symlink_to(Path("/bin/sleep").resolve())
    with subprocess.Popen(["pulumi", "600"], executable=tmp_path / "pulumi") as process:  # noqa: S607 - its name is what is looked at
        try:
            assert why_it_may_live(lock(process.pid), (), BEGAN) == "it is alive"
        finally:
            process.kill()


def test_a_process_that_is_no_pulumi_has_only_taken_the_number() -> None:
    assert why_it_may_live(lock(os.getpid()), (), BEGAN) == ""


def test_of_another_machine_nothing_is_proved_until_a_person_says_that_it_is_gone(ended: int) -> None:
    elsewhere = lock(ended, "elsewhere")
    assert (
        why_it_may_live(elsewhere, (), BEGAN)
        == "it ran on another machine; if that is gone, say so: --dead-host elsewhere"
    )
    assert why_it_may_live(elsewhere, ["others"], BEGAN)
    assert why_it_may_live(elsewhere, ["elsewhere"], BEGAN) == ""


def test_no_lock_that_was_taken_since_this_run_began_is_of_a_machine_that_was_said_to_be_gone() -> None:
    later = lock(7, "elsewhere", "2026-11-26T21:00:00Z")
    assert why_it_may_live(later, ["elsewhere"], BEGAN) == "it was taken since this run began"


def test_what_is_seen_to_run_here_lives_whatever_a_person_says(tmp_path: Path) -> None:
    (tmp_path / "pulumi").symlink_to(Path("/bin/sleep").resolve())
    with subprocess.Popen(["pulumi", "600"], executable=tmp_path / "pulumi") as process:  # noqa: S607 - its name is what is looked at
        try:
            assert why_it_may_live(lock(process.pid), [HERE], BEGAN) == "it is alive"
        finally:
            process.kill()


@pytest.mark.skipif(not Path("/proc").exists(), reason="processes show their variables in /proc alone")
def test_processes_of_a_stack_are_found_by_their_variable() -> None:
    with subprocess.Popen(["sleep", "600"], env={**os.environ, "QS_TEST_MARKER": "this one"}) as process:  # noqa: S607 - from PATH
        try:
            assert leftovers("QS_TEST_MARKER=this one") == [process.pid]
            assert leftovers("QS_TEST_MARKER=this") == []
        finally:
            process.kill()
