"""Runs a command in a terminal of a given width, and returns what its screen shows."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyte

from tests.support.killing import PATIENCE, CliRun

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROWS: Final = 200
"""More than any output has, so that nothing scrolls out."""
_LONGEST: Final = 1_000
"""The screen keeps lines whole, and :func:`wrapped` breaks them: a time can be replaced only in a whole line."""

_COLOURS: Final = {
    "00cd00": "green",
    "cdcd00": "yellow",
    "5c5cff": "blue",
    "cd00cd": "magenta",
    "ff00ff": "magenta",
    "brown": "yellow",
}
"""The colours of a palette that Pulumi takes, as colours that each terminal has, light or dark."""


class _Screen(pyte.Screen):
    """Restores a saved cursor as often as asked, as terminals do. pyte restores it once."""

    def restore_cursor(self) -> None:
        super().restore_cursor()
        self.save_cursor()


class Terminal:
    """The screen and the keyboard of a running command."""

    def __init__(self, device: int, process: subprocess.Popen[bytes]) -> None:
        self._device, self._process = device, process
        self._screen = _Screen(_LONGEST, _ROWS)
        self._stream = pyte.ByteStream(self._screen)

    @property
    def text(self) -> str:
        """What the screen shows, without spaces at the ends of lines."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    @property
    def coloured(self) -> list[list[tuple[str, str]]]:
        """The lines of that text: runs of one style each, with the style as rich spells it."""
        rows = [self._screen.buffer[row] for row in range(self.text.count("\n") + 1)]
        return [_runs([row[column] for column in range(_LONGEST)]) for row in rows]

    def wait_for(self, text: str) -> str:
        """Wait until the screen shows a text, and return all that it shows."""
        while text not in self.text:
            assert self._read(), self.text
        return self.text

    def wait(self) -> str:
        """Wait until the command ends, and return what the screen shows."""
        while self._read():
            pass
        return self.text

    def press(self, keys: str) -> None:
        """Send keys to the command."""
        os.write(self._device, keys.encode())

    def interrupt(self) -> int:
        """Interrupt the command, and return its exit code."""
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(PATIENCE)

    def _read(self) -> bool:
        """Return whether the command had more to show."""
        assert select.select([self._device], [], [], PATIENCE)[0], self.text
        try:
            shown = os.read(self._device, 65_536)
        except OSError:  # how Linux reports the end
            return False
        self._stream.feed(shown)
        return bool(shown)


def _runs(row: list[pyte.screens.Char]) -> list[tuple[str, str]]:
    runs = [("".join(cell.data for cell in cells), style) for style, cells in groupby(row, _style)]
    return [*runs[:-1], (runs[-1][0].rstrip(), runs[-1][1])]


def _style(cell: pyte.screens.Char) -> str:
    return f"{'bold' if cell.bold else 'not bold'} {_COLOURS.get(cell.fg, cell.fg)}"


@contextmanager
def terminal(command: list[str], folder: Path, environment: dict[str, str], columns: int) -> Iterator[Terminal]:
    """Run a command in a terminal. What still runs of it at the end is killed."""
    device, its_side = pty.openpty()
    fcntl.ioctl(its_side, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, columns, 0, 0))
    _echo_nothing(its_side)
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=its_side, stdout=its_side, stderr=its_side, start_new_session=True
    )
    os.close(its_side)
    try:
        yield Terminal(device, process)
    finally:
        CliRun(process, Path(os.devnull)).end()
        os.close(device)


def _echo_nothing(side: int) -> None:
    """Keep keys from the screen that are pressed before the command reads them one by one."""
    attributes = termios.tcgetattr(side)
    attributes[3] &= ~termios.ECHO
    termios.tcsetattr(side, termios.TCSANOW, attributes)


def wrapped(text: str, columns: int) -> str:
    """Return a text as a terminal shows it: a line that is too long goes on in the next row, wherever it breaks."""
    rows = [line[i : i + columns] for line in text.split("\n") for i in range(0, max(len(line), 1), columns)]
    return "\n".join(row.rstrip() for row in rows)
