"""Who holds the lock of a stack, as Pulumi says it, and whether its owner is proved dead."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from quant_sessions_provider.core import timestamps
from quant_sessions_provider.core.text import one_line

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

_LOCK: Final = re.compile(
    r"^\s*(?P<address>\S.*?): created by (?P<user>.*)@(?P<host>[^@]*) \(pid (?P<pid>\d+)\) at (?P<at>\S+)$",
    re.MULTILINE,
)
_CLI: Final = "pulumi"


@dataclass(frozen=True)
class Lock:
    """Who holds a lock, which lies at an address: a process of a machine, since a time."""

    address: str
    user: str
    host: str
    pid: int
    at: str

    def __str__(self) -> str:
        """Return the owner in words."""
        return one_line(f"{self.user}@{self.host} (pid {self.pid}) since {self.at}")


def locks_in(error: str) -> list[Lock]:
    """Return the locks that Pulumi names where it refuses a locked stack."""
    return [
        Lock(found["address"], found["user"], found["host"], int(found["pid"]), found["at"])
        for found in _LOCK.finditer(error)
    ]


def why_it_may_live(lock: Lock, dead_hosts: Collection[str], began: datetime) -> str:
    """Return why the owner of a lock is not proved dead; empty if it is.

    The age of a lock proves nothing. On another machine nobody can look here, so that a person has to say that it is
    gone: what has a lock since this run ``began`` cannot be meant. A process that is no Pulumi CLI has taken the number
    of one that has ended.
    """
    if lock.host == socket.gethostname():
        return "it is alive" if _CLI in _name(lock.pid) else ""
    if lock.host not in dead_hosts:
        return f"it ran on another machine; if that is gone, say so: --dead-host {one_line(lock.host)}"
    at = timestamps.parse_or_none(lock.at)
    return "" if at and at < began else "it was taken since this run began"


def is_cli(pid: int) -> bool:
    """Return whether a process is the Pulumi CLI, and not one of its hosts."""
    return _name(pid) == _CLI


def _name(pid: int) -> str:
    """Return the name of a process; empty if there is none, or if it only waits to be collected.

    One that is hidden, as those of others may be, is taken for the CLI.
    """
    if not Path("/proc/self/stat").exists():
        listed = subprocess.run(["ps", "-p", str(pid), "-o", "comm="], check=False, capture_output=True, text=True)  # noqa: S603, S607 - from PATH
        return listed.stdout.strip()
    with suppress(OSError):
        # pid (name) state …; a zombie is dead.
        _, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")
        name, _, state = rest.rpartition(") ")
        return "" if state.startswith("Z") else name
    return _CLI if _is_there(pid) else ""


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def leftovers(marker: str) -> list[int]:
    """Return the processes of this machine that have a variable of the form ``NAME=value``, where that can be seen."""
    wanted = marker.encode()
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if wanted in _environment(entry)]


def _environment(process: Path) -> list[bytes]:
    with suppress(OSError):
        return (process / "environ").read_bytes().split(b"\0")
    return []
