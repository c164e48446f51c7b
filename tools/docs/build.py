"""Runs the situations on the real engine and writes ``docs/previews.md``: ``make previews``."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pulumi

from quant_sessions_provider import Session
from quant_sessions_provider.core import timestamps
from tests.support.ageing import age
from tests.support.emulator_server import Emulator
from tests.support.engine import Run, Stack
from tools.docs.failures import ALONE
from tools.docs.lifetimes import LIFETIMES
from tools.docs.situations import EDITS, OTHER_SECRET, SECRET, UNKNOWN, Situation
from tools.docs.text import diff_of, failure_of, normalized, plain_of, request_line

PAGE = Path(__file__).parents[2] / "docs" / "previews.md"
ORGANIZATION = "acme"
HEAD = """# Previews

What `pulumi preview` shows in each situation, and what `pulumi up` then sends. All output is from runs of the real
engine (`make previews`): first `pulumi preview --diff`, then plain `pulumi preview`. Times are shown as if each run was
on 2 March 2026 at 12:00Z, and ids are shortened. The lifetime is 60 minutes unless the text says otherwise.

The line of each resource says what becomes of the session, and warns of what is lost. With `--diff` Pulumi prints these
lines at the end, after the name of the resource. In a terminal the table only counts them: [terminal.md](terminal.md)
shows where they are.
"""


@dataclass(frozen=True)
class Entry:
    """A situation and its output."""

    situation: Situation
    diff: str
    plain: str
    failure: str
    requests: list[str]


class Gallery:
    """One stack with one session for each situation."""

    def __init__(self, emulator: Emulator, folder: Path, situations: dict[str, Situation]) -> None:
        self._emulator, self._situations = emulator, {f"desk-{key}": value for key, value in situations.items()}
        self._start = datetime.now(timezone.utc)
        self._ids: dict[str, str] = {}
        self._stack = Stack(folder, emulator.variables(ORGANIZATION), lambda: self._declare("before"))

    def _declare(self, side: str) -> None:
        for name, situation in self._situations.items():
            declared = situation.before if side == "before" else situation.after
            if declared:
                start = self._start - timedelta(minutes=situation.age if side == "after" else 0)
                properties = declared(_counted_from(start))
                arguments = {key: _with_outputs(value, name) for key, value in properties.items()}
                Session(name, **{"user_id": f"user-of-{name}", **arguments})

    def entries(self) -> list[Entry]:
        """Run the stack through its situations and return the output of each."""
        self._start_up()
        self._stack.program = lambda: self._declare("after")
        self._stack.environment(**{k: v for s in self._situations.values() for k, v in s.settings.items()})
        now = datetime.now(timezone.utc)
        # What fails before it begins fails alike in a preview, of which the page shows nothing then.
        plain = Run(failed=True) if self._never_begins() else self._stack.preview()
        diff = Run() if plain.failed else self._stack.preview(diff=True)
        self._emulator.clear()
        up = self._stack.up()
        requests = self._emulator.requests(clear=True)
        assert up.failed == any(situation.fails for situation in self._situations.values())
        self._emulator.clear_faults()
        return [self._entry(name, (diff.text, plain.text, up.text), requests, now) for name in self._situations]

    def _never_begins(self) -> bool:
        return all(one.fails and not one.before for one in self._situations.values())

    def _start_up(self) -> None:
        if not any(situation.before for situation in self._situations.values()):
            return
        self._emulator.behave(grantOffsetMinutes=sum(situation.grant for situation in self._situations.values()))
        assert not self._stack.up().failed
        self._emulator.reset_behaviours()
        self._ids = {name: resource["id"] for name, resource in self._stack.resources().items()}
        self._happen()

    def _happen(self) -> None:
        existing = {name: self._situations[name] for name in self._ids}
        ages = {name: situation.age for name, situation in existing.items() if situation.age}
        age(self._stack, self._emulator, ages, kept_alive=[n for n, s in existing.items() if s.kept_alive])
        for name, situation in existing.items():
            if situation.talk:
                self._emulator.append(ORGANIZATION, self._ids[name], situation.talk)
            if situation.live is not None:
                self._emulator.tamper(ORGANIZATION, self._ids[name], situation.live)
            if situation.lost:
                self._emulator.api("DELETE", ORGANIZATION, f"/{self._ids[name]}")
            if situation.refusal:
                self._emulator.fault("status", "before", path="/extend$", status=situation.refusal, count=None)
        refreshed = [r["urn"] for n, r in self._stack.resources().items() if self._situations[n].refresh]
        if refreshed:
            assert not self._stack.refresh(target=refreshed).failed

    def _entry(self, name: str, texts: tuple[str, str, str], requests: list[dict[str, Any]], now: datetime) -> Entry:
        diff, plain, up = texts
        seen = [
            diff_of(diff, name),
            plain_of(plain, name) if diff else "",
            failure_of(up) if self._situations[name].fails else "",
        ]
        diff, plain, failure = (normalized(text, name, now) for text in seen)
        mine = [_shown(request, name, now) for request in requests if self._mine(request, name)]
        return Entry(self._situations[name], diff, plain, failure, mine)

    def _mine(self, request: dict[str, Any], name: str) -> bool:
        session_id = self._ids.get(name)
        if session_id and session_id in request["path"]:
            return True
        user = (request["body"] or {}).get("userId") or (request["query"] or {}).get("userId")
        return bool(user) and str(user).endswith(f"of-{name}")


def _with_outputs(value: Any, name: str) -> Any:  # noqa: ANN401 - any property
    """Return a value with real outputs for its placeholders; the unknown one is that of a session yet to be created."""
    if value is UNKNOWN:
        return Session("fresh", user_id="fresh").id.apply(lambda _: f"new-user-of-{name}")
    if isinstance(value, dict):
        return {key: _with_outputs(inner, name) for key, inner in value.items()}
    return pulumi.Output.secret(value) if value in (SECRET, OTHER_SECRET) else value


def _counted_from(start: datetime) -> Any:  # noqa: ANN401 - an At
    return lambda minutes: timestamps.render(start + timedelta(minutes=minutes))


def _shown(request: dict[str, Any], name: str, now: datetime) -> str:
    body = f" {json.dumps(request['body'], ensure_ascii=False, sort_keys=True)}" if request["body"] is not None else ""
    answer = "" if request["status"] in (200, 201) else f"  → {request['status']}"
    return normalized(request_line(request) + body + answer, name, now)


def build_first() -> str:
    """Return the part of the page whose situations share one stack: all that fail no run."""
    with Emulator() as emulator, tempfile.TemporaryDirectory() as folder:
        entries = Gallery(emulator, Path(folder, "stack"), LIFETIMES | EDITS).entries()
    return HEAD + "".join(_render(entry) for entry in entries)


def build_rest() -> str:
    """Return the rest of the page: each situation in a stack of its own."""
    with Emulator() as emulator, tempfile.TemporaryDirectory() as folder:
        entries = [
            entry
            for name, situation in ALONE.items()
            for entry in Gallery(emulator, Path(folder, name, "stack"), {name: situation}).entries()
        ]
    return "".join(_render(entry) for entry in entries)


def _render(entry: Entry) -> str:
    parts = [f"\n## {entry.situation.title}\n", f"{entry.situation.story}\n"]
    if entry.diff:
        parts.append(f"```diff\n{entry.diff}\n```\n")
    if entry.plain:
        parts.append(f"```text\n{entry.plain}\n```\n")
    if not (entry.diff or entry.plain or entry.failure):
        parts.append("The preview shows no change.\n")
    if entry.failure:
        parts.append(f"```text\n{entry.failure}\n```\n")
    requests = "\n".join(entry.requests)
    parts.append(f"Sent by `pulumi up`:\n\n```text\n{requests}\n```\n" if requests else "`pulumi up` sends nothing.\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(build_first() + build_rest())
