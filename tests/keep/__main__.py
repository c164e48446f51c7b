"""Keep a stack of six sessions for three simulated days on the real engine, then disturb it: ``make keep-test``.

What must happen to each session is reckoned here, not by the provider, and compared with what the timeline foresees.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from quant_sessions_provider.keep.keeper import Keeper
from quant_sessions_provider.keep.lines import Log, as_text
from quant_sessions_provider.keep.pauses import WHILE_LOCKED
from quant_sessions_provider.timeline.simulate import forecasts
from quant_sessions_provider.timeline.state import read_sessions
from tests.keep.moving import MovingClock, MovingEngine
from tests.keep.stack import ORGANIZATION, KeptProject, deeds_in, lines_of
from tests.support.emulator_server import Emulator
from tests.support.killing import wait_until

if TYPE_CHECKING:
    from quant_sessions_provider.keep.model import Line

SPAN: Final = timedelta(days=3)
EVERY: Final = timedelta(hours=2)
SESSIONS: Final[dict[str, dict[str, Any]]] = {
    "desk": {"expiration_minutes": 1440, "renew_before_minutes": 780},
    "shift": {"expiration_minutes": 720, "renew_before_minutes": 230},
    "plugged": {"expiration_minutes": 1000, "renew_before_minutes": 300, "native": True},
    "orders": {"expiration_minutes": 1300},
    "left": {"expiration_minutes": 600, "on_expired": "ignore"},
    "done": {"expiration_minutes": 600, "renew_before_minutes": 60, "status": "completed"},
}
RENEWED: Final = ("desk", "shift", "plugged")
KILLS: Final = 8
LATER: Final = 495
"""Minutes after which something is always due, and no renewable session of a new stack is ever dead."""


def on_paper(name: str) -> Counter[str]:
    """Return what must be done to a session in the whole span."""
    declared, minutes = SESSIONS[name], SPAN // timedelta(minutes=1)
    lifetime, ahead = declared["expiration_minutes"], declared.get("renew_before_minutes", 0)
    if name in RENEWED:
        # A run comes some seconds after it is due, and extends by whole minutes to at least a lifetime from then on.
        first, period = lifetime - ahead, lifetime - ahead + 1
        return Counter(renewed=1 + (minutes - first) // period)
    return Counter(recreated=minutes // lifetime) if name == "orders" else Counter()


def keep_for_days(project: KeptProject) -> None:
    """Keep the stack for three days: no renewable session is ever dead, and the runs are those that paper says."""
    said: list[Line] = []
    renewed = {name: project.ids()[name] for name in RENEWED}

    def woken() -> None:
        assert [name for name in RENEWED if not project.alive(name)] == []

    def write(line: Line) -> None:
        said.append(line)
        _say(as_text(line))

    with project.entered():
        clock = MovingClock(project, SPAN, woken)
        engine = MovingEngine(project, clock)
        first, _ = read_sessions(engine.export())
        code = Keeper(engine, clock, Log(clock, write), EVERY).stay()
    assert code == 0
    deeds = {name: Counter(line.kind for line in said if line.urn.endswith(f"::{name}")) for name in SESSIONS}
    done = {name: +Counter({k: n for k, n in found.items() if k != "next"}) for name, found in deeds.items()}
    assert done == {name: on_paper(name) for name in SESSIONS}
    foreseen = forecasts(first, engine.runs, clock.start, clock.start + SPAN)
    assert done == {each.session.name: Counter(event.kind for event in each.events) for each in foreseen}
    assert {line.kind for line in said} == {"renewed", "recreated", "next", "ends"}
    assert {name: project.ids()[name] for name in RENEWED} == renewed
    project.emulator.clear()
    _say(f"{len(engine.runs)} runs in {SPAN.days} days: {done}")


def two_keepers(project: KeptProject) -> None:
    """Let two keepers find the same things due: each is done once, and both end well."""
    project.pass_time(LATER)
    before, due = project.ids(), project.due()
    with project.keep("--once") as one, project.keep("--once") as other:
        assert (one.wait(), other.wait()) == (0, 0), one.text + other.text
        lines = lines_of(one.text) + lines_of(other.text)
    assert project.done_since(before) == {name: [kind] for name, kind in due.items()}
    assert {line["kind"] for line in lines} <= {"renewed", "recreated", "already done", "locked", "next"}, lines
    _say(f"two keepers: {due}")


def a_lock_that_somebody_holds(project: KeptProject) -> None:
    """Hold the lock: the keeper says so once, waits, and leaves the lock where it is."""
    project.pass_time(LATER)
    before, due = project.ids(), project.due()
    lock = project.folder / "backend" / ".pulumi" / "locks" / "organization" / "acceptance" / "main" / "held.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_text("{}")
    with project.keep("--once") as run:
        wait_until(lambda: '"locked"' in run.text)
        time.sleep(WHILE_LOCKED.first.total_seconds())
        assert lock.exists()
        lock.unlink()
        assert run.wait() == 0, run.text
    lines = lines_of(run.text)
    assert [line["kind"] for line in lines].count("locked") == 1
    assert project.done_since(before) == deeds_in(lines) == {name: [kind] for name, kind in due.items()}
    _say(f"a lock that somebody held: {due}")


def killed_at_any_time(project: KeptProject) -> None:
    """Kill a keeper at times from its start to its end: the next one finds all done, or does it."""
    project.pass_time(LATER)
    began = time.monotonic()
    assert project.once()[0] == 0
    seconds = time.monotonic() - began
    for number in range(KILLS):
        project.emulator.clear()
        project.pass_time(LATER)
        before, due = project.ids(), project.due()
        talks = {name: len(_messages(project, name)) for name in RENEWED}
        with project.keep("--once") as run:
            time.sleep(seconds * number / KILLS)
            run.kill("engine")
            run.wait()
        code, lines = project.once()
        assert code == 0, lines
        assert project.done_since(before) == {name: [kind] for name, kind in due.items()}, (number, lines)
        assert not project.due()
        assert not project.export().get("pending_operations")
        assert {name: len(_messages(project, name)) for name in RENEWED} == talks
        _say(f"killed after {seconds * number / KILLS:.1f} of {seconds:.1f} seconds: {due}")


def ended_by_a_signal(project: KeptProject) -> None:
    """Send SIGTERM while it sleeps and during a run: the run is finished, and no lock is left."""
    with project.keep() as run:
        wait_until(lambda: '"next"' in run.text)
        run.terminate()
        assert run.wait() == 0, run.text
    project.pass_time(LATER)
    before, due = project.ids(), project.due()
    project.emulator.faults([], latency_ms=500)
    with project.keep() as run:
        wait_until(lambda: project.locked)
        run.terminate()
        assert run.wait() == 0, run.text
        assert not project.locked
        assert deeds_in(lines_of(run.text)) == {name: [kind] for name, kind in due.items()}
    project.emulator.clear_faults()
    assert project.done_since(before) == {name: [kind] for name, kind in due.items()}
    _say(f"ended by a signal during a run: {due}")


def edited_by_somebody(project: KeptProject) -> None:
    """Edit the program: a part of it waits, and if all of it does, the keeper ends with 3 and has sent nothing."""
    project.pass_time(LATER)
    before, due = project.ids(), project.due()
    some = {name: dict(own) for name, own in SESSIONS.items()}
    some["desk"]["user_id"] = "somebody else"
    project.declare(**some, fresh={})
    code, lines = project.once()
    assert code == 3, lines
    kept = {name: [kind] for name, kind in due.items() if name != "desk"}
    assert project.done_since(before) == deeds_in(lines) == kept
    assert {line["session"] for line in lines if line["kind"] == "waits"} == {"desk", "fresh"}
    project.declare(**{name: own | {"user_id": "somebody else"} for name, own in SESSIONS.items()})
    project.pass_time(LATER)
    before = project.ids()
    with project.keep() as run:
        assert run.wait() == 3, run.text
        assert lines_of(run.text)[-1]["kind"] == "ends"
    assert project.done_since(before) == {}
    _say("an edit of the program ends it with exit code 3")


DISTURBANCES: Final = (
    two_keepers,
    a_lock_that_somebody_holds,
    killed_at_any_time,
    ended_by_a_signal,
    edited_by_somebody,
)


def _messages(project: KeptProject, name: str) -> list[Any]:
    found = project.emulator.api("GET", ORGANIZATION, f"/{project.ids()[name]}").json()
    return list(found["messages"])


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the report


def _main() -> int:
    began = time.monotonic()
    with Emulator() as emulator, tempfile.TemporaryDirectory() as kept, tempfile.TemporaryDirectory() as disturbed:
        keep_for_days(KeptProject(Path(kept), emulator, SESSIONS))
        project = KeptProject(Path(disturbed), emulator, SESSIONS)
        for disturb in DISTURBANCES:
            disturb(project)
    _say(f"{time.monotonic() - began:.0f} seconds")
    return 0


if __name__ == "__main__":
    sys.exit(_main())
