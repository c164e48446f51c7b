"""What live tests have created, on disk before the service is asked: what a killed run left behind is found by it.

One file a module of tests: JSON lines, first the account without its token, then for each creation a line with its user
before it is sent, and one with the session's id when it is answered. The file is locked while its module runs, and
removed when nothing is left.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

    from tests.live.account import Account

PREFIX: Final = "live-test-"


@dataclass
class Entries:
    """The content of a ledger; ``unanswered`` has the users of the creations of which nothing else is known."""

    base_url: str = ""
    organization: str = ""
    unanswered: dict[str, str] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)


class Ledger:
    """A new ledger, or one that is read. ``marker`` begins each user and group of its sessions, and no other's."""

    def __init__(self, path: Path, file: TextIO) -> None:
        self.path, self._file, self._writing = path, file, Lock()
        self.marker = f"{path.stem}-"

    @classmethod
    def create(cls, folder: Path, account: Account) -> Ledger:
        """Return a new ledger, which this process has locked."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{PREFIX}{uuid4().hex[:12]}.jsonl"
        ledger = cls(path, path.open("a+"))
        ledger.lock()
        ledger._add(baseUrl=account.base_url, organization=account.organization)
        return ledger

    def lock(self) -> bool:
        """Lock the file; return whether no other process has."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def begin(self, user: str) -> str:
        """Record a creation before it is sent; return its name."""
        creation = uuid4().hex
        self._add(creation=creation, user=user)
        return creation

    def end(self, creation: str, session_id: str | None) -> None:
        """Record what a creation has made: a session, or for sure nothing."""
        self._add(creation=creation, id=session_id)

    def _add(self, **entry: str | None) -> None:
        with self._writing:
            self._file.write(f"{json.dumps(entry)}\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    def age(self) -> float:
        """Return the seconds since the last line was written."""
        return time.time() - self.path.stat().st_mtime

    def entries(self) -> Entries:
        """Return what is recorded. The last line of a killed process may be cut off; it was not acted on."""
        self._file.seek(0)
        found = Entries()
        for line in self._file:
            _take(found, json.loads(line) if line.endswith("\n") else {})
        return found

    def close(self) -> None:
        """Release the lock, and keep the file."""
        self._file.close()

    def remove(self) -> None:
        """Remove the file: nothing is left behind."""
        self.path.unlink(missing_ok=True)
        self.close()


def _take(found: Entries, line: dict[str, Any]) -> None:
    match line:
        case {"baseUrl": base_url, "organization": organization}:
            found.base_url, found.organization = base_url, organization
        case {"creation": creation, "user": user}:
            found.unanswered[creation] = user
        case {"creation": creation, "id": session_id}:
            found.unanswered.pop(creation, None)
            found.ids |= {session_id} if session_id else set()


def ledgers(folder: Path) -> Iterator[Ledger]:
    """Return the ledgers in a folder. Those of runs that have ended can be locked: the kernel releases a dead run's."""
    for path in sorted(folder.glob(f"{PREFIX}*.jsonl")):
        yield Ledger(path, path.open("a+"))
