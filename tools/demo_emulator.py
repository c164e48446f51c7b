"""Start, find, restart and stop the emulator that runs in the background of the demo."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.environment import CREDENTIALS, ENGINE, without
from tools.progress import say

DEFAULT_PORT = 8787
TOKEN = "emulator"  # noqa: S105  # the emulator accepts any token
HOST = "127.0.0.1"
_OTHER_PORTS = 20
_START_SECONDS = 20.0
_STOP_SECONDS = 5.0
_POLL = 0.05


class DemoError(Exception):
    """The demo cannot continue. The message is one line for the user."""


class PortTakenError(DemoError):
    """The only acceptable port is used by another program."""


@dataclass(frozen=True)
class Running:
    """A started emulator, as recorded in its file."""

    pid: int
    port: int


class Emulator:
    """The emulator whose data, log and record are in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._database = folder / "emulator.db"
        self._log = folder / "emulator.log"
        self._record = folder / "emulator.json"
        self._child: subprocess.Popen[bytes] | None = None

    def ensure(self, *, fixed: bool) -> int:
        """Return the port of the running emulator. Start it if it does not run.

        `fixed`: sessions in the stack's state name the recorded port, so no other is acceptable.
        """
        recorded = self._recorded()
        if recorded and not self._has_ended() and self._is_ours(recorded.pid):
            if self._answers(recorded):
                return recorded.port
            self._end(recorded.pid)
        port = choose_port(recorded.port if recorded else DEFAULT_PORT, fixed=fixed)
        self._start(port)
        how = "had died; started again, with its sessions," if recorded else "started"
        say(f"Emulator: {how} on http://{HOST}:{port}")
        return port

    def stop(self) -> None:
        """Stop the emulator if it runs. Keep its data."""
        recorded = self._recorded()
        if recorded and self._is_ours(recorded.pid):
            self._end(recorded.pid)
        self._record.unlink(missing_ok=True)

    def _recorded(self) -> Running | None:
        try:
            return Running(**json.loads(self._record.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def _is_ours(self, pid: int) -> bool:
        """Return whether the process serves our database: its pid may have been reused by another program."""
        return str(self._database) in command_of(pid)

    def _start(self, port: int) -> None:
        program = Path(sys.executable).with_name("quant-sessions")
        command = [str(program), "emulator", "--port", str(port), "--db", str(self._database)]
        with self._log.open("wb") as log:
            # A new session, so that Ctrl-C stops the demo and not the emulator.
            child = subprocess.Popen(
                command,
                env=without(os.environ, CREDENTIALS, ENGINE),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._child = child
        self._record.write_text(json.dumps(asdict(Running(child.pid, port))))
        self._await(child, port)

    def _await(self, child: subprocess.Popen[bytes], port: int) -> None:
        if not self._answers(Running(child.pid, port)):
            last = self._log.read_text(errors="replace").strip().splitlines()[-1:]
            raise DemoError(f"The emulator does not start: {''.join(last) or f'see {self._log}'}")

    def _answers(self, running: Running) -> bool:
        """Wait until the emulator has started. Return whether it answers."""
        end = time.monotonic() + _START_SECONDS
        while not healthy(running.port):
            if not is_alive(running.pid) or self._has_ended() or time.monotonic() > end:
                return False
            time.sleep(_POLL)
        return True

    def _has_ended(self) -> bool:
        return self._child is not None and self._child.poll() is not None

    def _end(self, pid: int) -> None:
        number = signal.SIGTERM
        end = time.monotonic() + _STOP_SECONDS
        while self._is_ours(pid):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
            time.sleep(_POLL)
            number = signal.SIGKILL if time.monotonic() > end else signal.SIGTERM
        if self._child and self._child.pid == pid:
            self._child.wait()


def command_of(pid: int) -> str:
    """Return the command line of a process, empty if there is none with this pid."""
    proc = Path("/proc")
    if (proc / "self").exists():
        try:
            return (proc / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False).stdout


def is_alive(pid: int) -> bool:
    """Return whether a process with this pid exists, whoever owns it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def healthy(port: int) -> bool:
    """Return whether an emulator answers on this port. The request bypasses the caller's proxy."""
    request = urllib.request.Request(
        f"http://{HOST}:{port}/_emulator/clock", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=2) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004  # OK
    except (OSError, urllib.error.URLError):
        return False


def is_free(port: int) -> bool:
    """Return whether nothing listens on this port of the loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def choose_port(wanted: int, *, fixed: bool) -> int:
    """Return `wanted` if it is free, else the next free port.

    Raises:
        PortTakenError: `fixed` and `wanted` is taken, or no port is free.

    """
    if is_free(wanted):
        return wanted
    if fixed:
        raise PortTakenError(
            f"Port {wanted}, which the demo's sessions name, is taken: free it, or start over with `make clean`"
        )
    for port in range(wanted + 1, wanted + _OTHER_PORTS):
        if is_free(port):
            say(f"Port {wanted} is in use; the emulator takes {port}")
            return port
    raise PortTakenError(f"Ports {wanted} to {wanted + _OTHER_PORTS - 1} are all in use: free one of them")
