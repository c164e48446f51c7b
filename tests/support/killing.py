"""Run the real CLI as a process, to interrupt and kill it at a chosen time.

::

    with start([pulumi_command().command, "up", "--yes"], folder, environment, folder / "up.txt") as run:
        emulator.fault("slow", "after", method="POST", count=1, **UNTIL_KILLED)
        wait_in_flight(emulator, "POST")
        run.kill("engine")

Each run is a POSIX session. Its processes are found by that, including those that outlive the engine.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tests.support.emulator_server import Emulator

Role = Literal["engine", "language-host", "program", "provider-launcher", "provider"]
"""The CLI, the language host, the program, the shell script that starts the dynamic provider, either provider."""

ROLES: Final[tuple[Role, ...]] = get_args(Role)

UNTIL_KILLED: Final[dict[str, Any]] = {"chunkBytes": 1, "pauseMs": 3_600_000}
"""Makes a "slow" fault delay its response until the client is gone. ``before``: the request has no effect."""

PATIENCE: Final = 60.0
"""Seconds to wait before a test fails."""

# The first match wins: the program's command line also contains the language host's name.
_SIGNS: Final[dict[str, Role]] = {
    "pulumi-language-python-exec": "program",
    "pulumi-language-python": "language-host",
    "pulumi-language-yaml": "language-host",
    "pulumi-resource-quant-sessions": "provider",
    "pulumi-resource-pulumi-python": "provider-launcher",
    "pulumi.dynamic": "provider",
}


def role_of(command: str) -> Role | None:
    """Return the role of a process by its command line, or None for a short-lived helper."""
    return next((role for sign, role in _SIGNS.items() if sign in command), None)


class CliRun:
    """A run of the CLI in its own POSIX session. Its output goes to the file ``output``."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self._process, self.output = process, output

    @property
    def text(self) -> str:
        """The output so far, of both streams."""
        return self.output.read_text()

    @property
    def ended(self) -> bool:
        """Whether the engine has ended. Other processes may outlive it."""
        return self._process.poll() is not None

    def processes(self) -> dict[int, Role | None]:
        """Return the run's processes with their roles, None for short-lived helpers such as a search for Python."""
        return {pid: self._role(pid, command) for pid, command in _living().items() if _session(pid) == self._leader}

    def pids(self, role: Role) -> list[int]:
        """Return the processes of a role: none or one."""
        return [pid for pid, its in self.processes().items() if its == role]

    def kill(self, *roles: Role) -> list[int]:
        """Send SIGKILL to all processes of the roles, and return their pids."""
        hit = [pid for pid, role in self.processes().items() if role in roles]
        _send(signal.SIGKILL, hit)
        return hit

    def interrupt(self) -> None:
        """Send SIGINT to the engine's process group, as a terminal does on Ctrl-C. Plugins are not in it."""
        os.killpg(self._leader, signal.SIGINT)

    def terminate(self) -> None:
        """Send SIGTERM to all processes at once, as what stops a container or a service does."""
        _send(signal.SIGTERM, self.processes())

    def wait(self, seconds: float = PATIENCE) -> int:
        """Wait until the engine has ended. Return its exit code, negative for a signal."""
        return self._process.wait(seconds)

    def end(self) -> None:
        """Kill all remaining processes of the run and wait for them. A killed engine leaves its plugins running."""

        def gone() -> bool:
            left = self.processes()
            _send(signal.SIGKILL, left)
            return not left

        wait_until(gone)
        self.wait()

    @property
    def _leader(self) -> int:
        return self._process.pid

    def _role(self, pid: int, command: str) -> Role | None:
        if pid == self._leader:
            return "engine"
        return role_of(command)


@contextmanager
def start(
    command: Sequence[str | Path], folder: Path, environment: Mapping[str, str], output: Path
) -> Iterator[CliRun]:
    """Start a command in a folder without waiting for it. All its processes are killed on exit."""
    with output.open("wb") as stream:
        process = subprocess.Popen(  # noqa: S603 - the CLI under test
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    run = CliRun(process, output)
    try:
        yield run
    finally:
        run.end()


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Poll until the condition is true.

    Raises:
        TimeoutError: it was not within ``seconds``.

    """
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds:g} seconds")
        time.sleep(0.01)


def wait_in_flight(emulator: Emulator, method: str, path: str = "", seconds: float = PATIENCE) -> dict[str, Any]:
    """Wait until a "slow" fault delays the response to a request, and return the request.

    ``path`` is the end of the request's path: "/extend", or a session's id.
    """
    found: list[dict[str, Any]] = []

    def held() -> bool:
        log = (r for r in emulator.requests() if r["fault"] == "slow")
        found.extend(r for r in log if r["method"] == method and r["path"].endswith(path))
        return bool(found)

    wait_until(held, seconds)
    return found[-1]


def _send(number: signal.Signals, pids: Iterable[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _session(pid: int) -> int | None:
    with suppress(ProcessLookupError, PermissionError):
        return os.getsid(pid)
    return None


def _living() -> dict[int, str]:
    """Return the command lines of all processes of this machine, without zombies."""
    if Path("/proc/self/cmdline").exists():
        found = {int(entry.name): _command_line(entry) for entry in Path("/proc").glob("[0-9]*")}
        return {pid: command for pid, command in found.items() if command}
    # Only where there is no /proc, since some containers have no `ps`.
    listed = subprocess.run(["ps", "-A", "-ww", "-o", "pid=,stat=,args="], check=True, capture_output=True, text=True)  # noqa: S607 - from PATH
    rows = (line.split(maxsplit=2) for line in listed.stdout.splitlines())
    return {int(row[0]): row[2] for row in rows if len(row) > 2 and not row[1].startswith("Z")}


def _command_line(entry: Path) -> str:
    with suppress(OSError):
        return (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return ""
