"""Run a stack for a month of simulated time on the real engine: ``make soak``.

``up`` runs every twelve hours. The expected renewals, recreations and requests are computed here, not by the provider.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quant_sessions_provider import Session
from tests.support.ageing import age
from tests.support.emulator_server import Emulator
from tests.support.engine import Stack

ORGANIZATION = "acme"
EVERY = 12 * 60
RUNS_A_MONTH = 60
FIRST_STATE = "first.json"
"""The file with the state after the first run, as `pulumi stack export` prints it."""

RENEWED = ["PUT"]
RECREATED = ["GET", "LIST", "POST", "DELETE", "GET", "LIST", "LIST"]
"""Prove that it is gone, create a new one, delete the old one (which fails), prove that it is gone.

By then the list holds the new session, so that it is read until a page has nothing new.
"""

SESSIONS: dict[str, dict[str, Any]] = {
    "renewed": {"expiration_minutes": 1440, "renew_before_minutes": 780},
    "renewed-too-rarely": {"expiration_minutes": 600, "renew_before_minutes": 599},
    "a-day": {"expiration_minutes": 1440},
    "an-hour": {"expiration_minutes": 60},
    "ignored": {"expiration_minutes": 60, "on_expired": "ignore"},
    "completed": {"expiration_minutes": 60, "status": "completed"},
}


@dataclass(frozen=True)
class Tally:
    """What happened to one session in all runs after its creation."""

    renewals: int
    recreations: int
    requests: int


def on_paper(name: str, runs: int) -> Tally:
    """Return what must happen to a session in ``runs`` runs. The first one creates it."""
    declared, later = SESSIONS[name], runs - 1
    lifetime, ahead = declared["expiration_minutes"], declared.get("renew_before_minutes", 0)
    if declared.get("on_expired") == "ignore" or declared.get("status") == "completed":
        return Tally(0, 0, 0)
    if lifetime > EVERY and ahead >= lifetime - EVERY:
        return Tally(later, 0, later * len(RENEWED))
    lives_for = -(-lifetime // EVERY)
    return Tally(0, later // lives_for, later // lives_for * len(RECREATED))


def program() -> None:
    """Declare all sessions."""
    for name, declared in SESSIONS.items():
        Session(name, user_id=name, **declared)


def soak(runs: int, folder: Path, emulator: Emulator) -> dict[str, Tally]:
    """Run ``up`` every twelve hours, and return what happened to each session."""
    stack = Stack(folder / "stack", emulator.variables(ORGANIZATION), program)
    seen: Counter[tuple[str, str]] = Counter()
    for run in range(runs):
        before = {name: resource["id"] for name, resource in stack.resources().items()}
        up = stack.up()
        assert not up.failed, f"run {run}: {up.text}"
        if not run:
            (folder / FIRST_STATE).write_text(json.dumps({"deployment": stack.export()}))
        after = {name: resource["id"] for name, resource in stack.resources().items()}
        if run:
            _count(seen, before, after, emulator.requests())
        emulator.clear()
        age(stack, emulator, dict.fromkeys(SESSIONS, EVERY))
        _say(run, runs)
    assert not stack.destroy().failed
    return {n: Tally(seen[n, "renewed"], seen[n, "recreated"], seen[n, "request"]) for n in SESSIONS}


def _count(
    seen: Counter[tuple[str, str]], before: dict[str, str], after: dict[str, str], requests: list[dict[str, Any]]
) -> None:
    for name in SESSIONS:
        own = [r for r in requests if before[name] in r["path"] or name in (_user(r["body"]), _user(r["query"]))]
        seen[name, "request"] += len(own)
        seen[name, "recreated"] += before[name] != after[name]
        seen[name, "renewed"] += sum(request["path"].endswith("/extend") for request in own)
    strays = [r for r in requests if not any(r["path"].endswith(i) or i in r["path"] for i in before.values())]
    assert all(_user(request["body"]) or _user(request["query"]) for request in strays), strays


def _user(fields: dict[str, Any] | None) -> str | None:
    return (fields or {}).get("userId")


def _say(run: int, runs: int) -> None:
    if sys.stderr.isatty():
        print(f"\rday {run // 2 + 1} of {runs // 2}", end="", file=sys.stderr, flush=True)  # noqa: T201 - progress


def _main(runs: int) -> int:
    start = time.monotonic()
    with Emulator() as emulator, tempfile.TemporaryDirectory() as folder:
        tallies = soak(runs, Path(folder), emulator)
    print(f"\n{runs} runs, twelve hours apart; expected values in brackets")  # noqa: T201 - the report
    print(f"{'session':20}{'renewals':>14}{'recreations':>14}{'requests':>14}")  # noqa: T201 - the report
    for name, tally in tallies.items():
        paper = on_paper(name, runs)
        pairs = zip(vars(tally).values(), vars(paper).values(), strict=True)
        print(f"{name:20}" + "".join(f"{f'{saw} ({must})':>14}" for saw, must in pairs))  # noqa: T201 - the report
    print(f"{time.monotonic() - start:.0f} seconds")  # noqa: T201 - the report
    return int(any(tally != on_paper(name, runs) for name, tally in tallies.items()))


if __name__ == "__main__":
    sys.exit(_main(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS_A_MONTH))
