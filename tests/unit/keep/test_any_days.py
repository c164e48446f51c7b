"""Whatever fails, and however often: a keeper does what is due and nothing else, and does it once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from quant_sessions_provider.keep.keeper import Keeper
from quant_sessions_provider.keep.lines import Log
from quant_sessions_provider.keep.model import LockedError, RunError
from tests.support.exports import START
from tests.support.paper_pulumi import PaperClock, PaperPulumi

if TYPE_CHECKING:
    from quant_sessions_provider.keep.model import Line

RUNS: Final = ("export", "preview", "up")
declared = st.integers(60, 1440).flatmap(
    lambda minutes: st.fixed_dictionaries(
        {"expirationMinutes": st.just(minutes)},
        optional={
            "renewBeforeMinutes": st.integers(20, minutes - 20),
            "onExpired": st.sampled_from(["recreate", "ignore", "error"]),
            "status": st.sampled_from(["active", "completed"]),
            "protect": st.just(True),  # noqa: FBT003 - Pulumi's option
        },
    )
)
stacks = st.lists(declared, min_size=1, max_size=4).map(
    lambda all_: {f"session-{number}": one for number, one in enumerate(all_)}
)
failures = st.lists(st.sampled_from(["", "", "fails", "locked"]), max_size=40)


@settings(max_examples=4)
@given(stacks, failures)
def test_renewable_sessions_live_and_every_deed_was_due(
    sessions: dict[str, dict[str, Any]], outcomes: list[str]
) -> None:
    clock = PaperClock(START + timedelta(hours=36))
    pulumi = PaperPulumi(clock, sessions)
    lines: list[Line] = []
    left = iter(outcomes)
    renewable = [
        name for name, own in sessions.items() if "renewBeforeMinutes" in own and own.get("status") != "completed"
    ]
    dead: set[str] = set()

    def before(command: str) -> None:
        dead.update(name for name in renewable if not pulumi.lives(name))
        outcome = next(left, "") if command in RUNS else ""
        if outcome:
            raise LockedError("locked") if outcome == "locked" else RunError("failed")

    pulumi.before = before
    code = Keeper(pulumi, clock, Log(clock, lines.append), timedelta(minutes=10)).stay()
    said = Counter((line.kind, line.urn.rpartition("::")[2]) for line in lines if line.kind in ("renewed", "recreated"))
    done = Counter((kind, name) for _, run in pulumi.runs for name, kind in run.items())
    assert said == done
    assert not [line for line in lines if line.kind == "alarm"]
    assert code == 0 or (code == 3 and any(line.kind == "waits" for line in lines))
    # Forty failures in a row take longer than any of them has left; a few do not.
    assert not dead or len([each for each in outcomes if each]) > 8
