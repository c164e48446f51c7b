"""What live tests have created, on disk before the service is asked: what a killed run left behind is found by it.

One file a module of tests: JSON lines, first the account without its token, then each user of a session before the
session is created, and its id afterwards. The file is locked while its module runs, and removed when nothing is left.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

    from tests.live.account import Account

PREFIX: Final = "live-test-"


@dataclass
class Entries:
    """The content of a ledger."""

    base_url: str = ""
    organization: str = ""
    users: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)


class Ledger:
    """A new ledger, or one that is read. ``marker`` begins each user and group of its sessions, and no other's."""

    def __init__(self, path: Path, file: TextIO) -> None:
        self.path, self._file = path, file
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

    def add_user(self, user: str) -> None:
        """Record a user before a session is created for it."""
        self._add(user=user)

    def add_session(self, session_id: str) -> None:
        """Record a session that was created."""
        self._add(id=session_id)

    def _add(self, **entry: str) -> None:
        self._file.write(f"{json.dumps(entry)}\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def entries(self) -> Entries:
        """Return what is recorded. The last line of a killed process may be cut off; it was not acted on."""
        self._file.seek(0)
        found = Entries()
        for line in self._file:
            entry = json.loads(line) if line.endswith("\n") else {}
            found.base_url = entry.get("baseUrl", found.base_url)
            found.organization = entry.get("organization", found.organization)
            found.users |= {entry["user"]} if "user" in entry else set()
            found.ids |= {entry["id"]} if "id" in entry else set()
        return found

    def close(self) -> None:
        """Release the lock, and keep the file."""
        self._file.close()

    def remove(self) -> None:
        """Remove the file: nothing is left behind."""
        self.path.unlink()
        self.close()


def abandoned(folder: Path) -> Iterator[Ledger]:
    """Lock and return the ledgers of runs that have ended. The kernel releases the lock of a killed process."""
    for path in sorted(folder.glob(f"{PREFIX}*.jsonl")):
        ledger = Ledger(path, path.open("a+"))
        if ledger.lock():
            yield ledger
        else:
            ledger.close()
