"""Runs a command that ends with whoever started it, and with it all that it started.

    python -I -S supervisor.py SECONDS SIGNAL COMMAND...

Whoever starts it holds the other end of its standard input, and starts it as the leader of a POSIX session. When that
end is closed, by its holder or by the holder's death, the command gets SIGNAL. By SIGINT it is interrupted, as by
Ctrl-C: Pulumi then waits for the requests in flight, records their answers, and gives its lock back. By 0 it may end by
itself. What is left of the session after SECONDS, or after the command's end, is killed. It needs the standard library
alone, for it starts with every command.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

_TRIES = 20
_PAUSE = 0.05


def end_session(leader: int) -> None:
    """Kill all processes of a POSIX session but its leader."""
    for _ in range(_TRIES):
        left = [pid for pid in living() if pid != leader and _session(pid) == leader]
        if not left:
            return
        for pid in left:
            kill(pid)
        time.sleep(_PAUSE)


def kill(pid: int) -> None:
    """Kill a process, if there is any."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def living() -> list[int]:
    """Return all processes of this machine; where it can be seen, without those that only wait to be collected."""
    if os.path.exists("/proc/self/cmdline"):  # noqa: PTH110 - pathlib takes longer to import than all else
        return [int(name) for name in os.listdir("/proc") if name.isdecimal() and _command(name)]  # noqa: PTH208 - as above
    listed = subprocess.run(["ps", "-A", "-o", "pid=,stat="], check=True, capture_output=True, text=True)  # noqa: S607 - from PATH
    rows = (line.split() for line in listed.stdout.splitlines())
    return [int(pid) for pid, state in rows if not state.startswith("Z")]


def _command(pid: str) -> bytes:
    with suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123 - as above
        return file.read()
    return b""


def _session(pid: int) -> int | None:
    with suppress(ProcessLookupError, PermissionError):
        return os.getsid(pid)
    return None


def _finish(process: subprocess.Popen[bytes]) -> None:
    """Wait for the command, and end this process as the command ended."""
    code = process.wait()
    end_session(os.getpid())
    os._exit(code if code >= 0 else 128 - code)


def _main(seconds: float, first: int, command: list[str]) -> None:
    # Its holder decides when it ends.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A handler, unlike SIG_IGN, is not handed on to the command.
        signal.signal(number, lambda *_: None)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - it was given to be run
    threading.Thread(target=_finish, args=(process,), daemon=True).start()
    sys.stdin.buffer.read()
    process.send_signal(first)
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    while True:
        # The end of the command ends this process.
        end_session(os.getpid())
        time.sleep(_PAUSE)


if __name__ == "__main__":
    _main(float(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
