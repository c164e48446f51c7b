"""Times as people write them, on the real engine: Python's own types, parts of a second, and the clock on the wall."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import pulumi
import pytest

from quant_sessions_provider import Session, SessionGroup, until
from quant_sessions_provider.core import timestamps
from tests.acceptance.conftest import ORGANIZATION
from tests.acceptance.expiry_rows import REPLACED
from tests.support.ageing import age
from tests.support.minutes import SECOND
from tests.support.project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.conftest import NewStack
    from tests.support.emulator_server import Emulator
    from tests.support.engine import Run
    from tests.support.service import Service

KATHMANDU: Final = ZoneInfo("Asia/Kathmandu")
"""Its clocks never change."""
MICROSECOND: Final = timedelta(microseconds=1)
BY_HAND: Final = ("moment", "known-later", "group-ada", "group-bob")
NAMES: Final = (*BY_HAND, "span")
END: Final = datetime.now(timezone.utc).replace(microsecond=500_000) + timedelta(hours=2)


def _declare(end: datetime, **more: Any) -> None:  # noqa: ANN401 - any property
    Session("moment", user_id="moment", expires_at=end, **more)
    Session("known-later", user_id="known-later", expires_at=pulumi.Output.secret(end), **more)
    SessionGroup("group", user_ids=["ada", "bob"], expires_at=end, **more)
    spans = timedelta(hours=2), pulumi.Output.from_input(timedelta(minutes=5))
    Session("span", user_id="span", expiration_minutes=spans[0], renew_before_minutes=spans[1], **more)


@dataclass(frozen=True)
class Runs:
    """Results of the runs of the shared stack: a first one, and those with other spellings and other times."""

    state: dict[str, dict[str, Any]]
    respelled: list[Run]
    respelled_requests: list[dict[str, Any]]
    beside_metadata: Run
    metadata_state: dict[str, dict[str, Any]]
    later: Run
    later_state: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def runs(new_stack: NewStack, service: Service) -> Runs:
    stack = new_stack(lambda: _declare(END))
    assert not stack.up().failed
    state = stack.resources()
    service.clear()
    respelled = []
    for end in (END - SECOND + MICROSECOND, (END + SECOND - MICROSECOND).astimezone(KATHMANDU)):
        stack.program = partial(_declare, end)
        respelled += [stack.preview(), stack.up()]
    requests = service.requests()
    stack.program = lambda: _declare(END + MICROSECOND, metadata={"a": 1})
    beside_metadata, metadata_state = stack.up(), stack.resources()
    stack.program = lambda: _declare(END + SECOND, metadata={"a": 1})
    later = stack.up()
    return Runs(state, respelled, requests, beside_metadata, metadata_state, later, stack.resources())


@pytest.mark.live
def test_a_datetime_and_a_timedelta_are_inputs_as_the_api_has_them(runs: Runs, service: Service) -> None:
    for name in ("moment", "group-ada", "group-bob"):
        assert runs.state[name]["inputs"]["expiresAt"] == END.isoformat()
    # A secret stays one.
    assert isinstance(runs.state["known-later"]["inputs"]["expiresAt"], dict)
    span = runs.state["span"]["inputs"]
    assert (span["expirationMinutes"], span["renewBeforeMinutes"]) == (120, 5)
    stored = {session["id"]: session["expiresAt"] for session in service.sessions(ORGANIZATION)}
    ends = [stored[runs.state[name]["id"]] for name in NAMES]
    # A lifetime counts from its run, which may come long after the time that is declared by hand was chosen.
    wanted = [END if name in BY_HAND else timestamps.parse(runs.state[name]["inputs"]["expiresAt"]) for name in NAMES]
    assert all(abs(timestamps.parse(end) - near) < timedelta(minutes=3) for end, near in zip(ends, wanted, strict=True))


@pytest.mark.live
def test_less_than_a_second_and_another_spelling_are_no_change(runs: Runs) -> None:
    for run in runs.respelled:
        assert not run.failed
        assert {step.op for step in run.steps} == {"same"}
    assert runs.respelled_requests == []


@pytest.mark.live
def test_a_change_of_something_else_keeps_the_spelling(runs: Runs) -> None:
    for name in BY_HAND:
        step = runs.beside_metadata.step(name)
        assert (step.op, {path.split(".")[0] for path in step.changes}) == ("update", {"metadata"})
    assert runs.metadata_state["moment"]["inputs"]["expiresAt"] == END.isoformat()
    assert isinstance(runs.metadata_state["known-later"]["inputs"]["expiresAt"], dict)


@pytest.mark.live
def test_a_second_is_a_change(runs: Runs) -> None:
    for name in BY_HAND:
        step = runs.later.step(name)
        assert (step.op, set(step.changes)) == ("update", {"expiresAt"})
    assert runs.later_state["moment"]["inputs"]["expiresAt"] == (END + SECOND).isoformat()
    assert runs.later.step("span").op == "same"


NAIVE: Final = "expires_at: is a datetime without a time zone; use a datetime with tzinfo"
PROGRAM: Final = """\
from datetime import datetime

import pulumi
from quant_sessions_provider import SessionGroup, until

for clock in ({"at": "6 pm", "tz": "UTC"}, {"at": "18:00", "tz": "Mars"}):
    try:
        until(**clock)
    except pulumi.RunError as error:
        print(error)
SessionGroup("group", user_ids=["ada", "bob"], expires_at=EXPIRES_AT)
"""
UNTIL: Final = (
    'until: at must be a string with a time of day on a 24-hour clock, such as "18:00"',
    "until: tz must be the IANA name of a time zone, such as Europe/Berlin",
)
REFUSED: Final = {
    "datetime(2026, 11, 24)": f"session group group: {NAIVE}",
    "pulumi.Output.from_input(datetime(2026, 11, 24))": NAIVE,
}


@pytest.mark.parametrize("expires_at", REFUSED)
def test_a_group_that_is_refused_says_so_in_one_line(tmp_path: Path, emulator: Emulator, expires_at: str) -> None:
    program = PROGRAM.replace("EXPIRES_AT", expires_at)
    project = Project(tmp_path, emulator.variables(ORGANIZATION), program)
    project.init()
    done = project.cli("up", "--yes", "--skip-preview")
    assert done.returncode
    diagnostics = done.stdout.partition("Diagnostics:")[2]
    for line in (*UNTIL, REFUSED[expires_at]):
        assert line in diagnostics
    assert "Traceback" not in done.stdout + done.stderr
    assert "exit code: -1" not in done.stdout + done.stderr


@pytest.mark.long
def test_until_stays_for_a_day_and_then_moves_to_the_next(new_stack: NewStack, emulator: Emulator) -> None:
    clock = f"{datetime.now(KATHMANDU) + timedelta(hours=2):%H:%M}"
    stack = new_stack(
        lambda: (Session("shift", user_id="shift", expires_at=until(clock, tz="Asia/Kathmandu")), None)[1]
    )
    assert not stack.up().failed
    first = stack.resources()["shift"]
    assert first["inputs"]["expiresAt"].endswith(f"T{clock}:00+05:45")
    assert stack.preview().ops("shift") == ["same"]

    age(stack, emulator, {"shift": 24 * 60})
    yesterday = timestamps.parse(stack.resources()["shift"]["inputs"]["expiresAt"])
    assert stack.preview().ops("shift") == REPLACED
    up = stack.up()
    assert up.ops("shift") == REPLACED
    today = stack.resources()["shift"]
    assert today["inputs"]["expiresAt"] == first["inputs"]["expiresAt"]
    assert timestamps.parse(today["inputs"]["expiresAt"]) - yesterday == timedelta(hours=24)
    assert today["id"] != first["id"]
    assert stack.preview().ops("shift") == ["same"]
