"""What a run of a fleet has come to so far, and the lines that say it. Pure."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from quant_sessions_provider.core.text import counted, one_line
from quant_sessions_provider.fleet.shards import listed

if TYPE_CHECKING:
    from quant_sessions_provider.fleet.definition import Definition
    from quant_sessions_provider.fleet.model import Outcome, Result, Verb


@dataclass
class Tally:
    """The results so far, of so many shards, of which so many run at the same time."""

    fleet: Definition
    verb: Verb
    shards: int
    slots: int
    results: list[Result] = field(default_factory=list)

    def count(self, outcome: Outcome) -> int:
        """Return how many shards ended in a way."""
        return sum(result.outcome == outcome for result in self.results)

    @property
    def running(self) -> int:
        """How many shards run now, where all places are used that there are."""
        return min(self.slots, self.shards - len(self.results))

    @property
    def sessions(self) -> int | None:
        """The sessions of the shards that ended: after a destroy, those that were deleted. None for a keeper."""
        if self.verb == "keep":
            return None
        deleted = self.verb == "destroy"
        return sum(result.changes.get("delete", 0) if deleted else result.sessions or 0 for result in self.results)

    @property
    def changes(self) -> Counter[str]:
        """What was done to sessions, or would be, by operation."""
        return sum((Counter(result.changes) for result in self.results), Counter[str]())

    @property
    def losses(self) -> int | None:
        """The conversations that a previewed run would end; None for other verbs."""
        return sum(result.losses or 0 for result in self.results) if self.verb == "preview" else None

    @property
    def failed(self) -> list[Result]:
        """The shards to run again, by number."""
        found = [result for result in self.results if result.outcome in ("failed", "interrupted")]
        return sorted(found, key=lambda result: result.shard)

    def seconds_left(self, elapsed: float) -> float | None:
        """Return how long the rest takes if it goes on as so far; None before the first result."""
        ended = len(self.results)
        return elapsed / ended * (self.shards - ended) if ended else None


def changes_of(found: Result | Tally) -> str:
    """Return what a run did to sessions, in words."""
    done = ", ".join(f"{count} {op}" for op, count in sorted(found.changes.items()))
    lost = f"; loses {counted(found.losses, 'conversation')}" if found.losses else ""
    return f"{done or 'unchanged'}{lost}"


def line_of(result: Result) -> str:
    """Return one line about a shard that has ended."""
    if result.outcome == "skipped":
        return f"{result.stack} skipped: its last run succeeded"
    sessions = "" if result.sessions is None else f"{counted(result.sessions, 'session')}: "
    what = result.error or f"{sessions}{changes_of(result)}"
    return one_line(f"{result.stack} {result.outcome} in {result.seconds:.1f} s: {what}")


def summary(tally: Tally, elapsed: float) -> list[str]:
    """Return the last lines: how many shards ended how, the notes, and each failed shard with its first error."""
    outcomes = Counter(result.outcome for result in tally.results)
    counts = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common()) or "nothing to run"
    what = f"{counted(tally.shards, 'shard')} of fleet {tally.fleet.name}: {counts}"
    changed = f": {changes_of(tally)}" if tally.changes else ""
    sessions = "" if tally.sessions is None else f"; {counted(tally.sessions, 'session')}"
    lines = [f"{what}{sessions} in {elapsed:.1f} s{changed}"]
    lines += [one_line(f"{result.stack}: {note}") for result in tally.results for note in result.notes]
    lines += [one_line(f"{result.stack} {result.outcome}: {result.error}") for result in tally.failed]
    if tally.failed:
        numbers = listed([result.shard for result in tally.failed], tally.fleet.shards)
        lines.append(f"Run them again with --only {numbers}")
    return lines


def result_json(result: Result) -> str:
    """Return a line for programs about a shard that has ended."""
    return json.dumps(
        {
            "kind": "shard",
            "shard": result.shard,
            "stack": result.stack,
            "outcome": result.outcome,
            "sessions": result.sessions,
            "changes": dict(result.changes),
            "losses": result.losses,
            "seconds": round(result.seconds, 3),
            "error": result.error or None,
            "notes": list(result.notes),
        }
    )


def summary_json(tally: Tally, elapsed: float) -> str:
    """Return the last line for programs."""
    found: dict[str, Any] = {
        "kind": "summary",
        "fleet": tally.fleet.name,
        "verb": tally.verb,
        "shards": tally.shards,
        "outcomes": dict(Counter(result.outcome for result in tally.results)),
        "sessions": tally.sessions,
        "changes": dict(tally.changes),
        "losses": tally.losses,
        "seconds": round(elapsed, 3),
        "failed": [result.shard for result in tally.failed],
    }
    return json.dumps(found)
