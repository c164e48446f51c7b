"""`make tour`: the life of a session in a minute, on an emulator. AUTO=1 does not wait for Enter.

All that it makes is in one temporary folder and in this process, and ends with it.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console

from quant_sessions_provider.emulator import BackgroundEmulator
from tools import pulumi_cli
from tools.docs.text import plain_of, request_line
from tools.progress import say
from tools.pulumi_build import CannotBuildError
from tools.sample_project import STACK, CommandFailedError, SampleProject

if TYPE_CHECKING:
    from collections.abc import Callable

_ORGANIZATION: Final = "tour"
_INTERRUPTED: Final = 130
_COLORS: Final = {"+": "green", "~": "yellow", "+-": "magenta"}
_SENTENCE: Final = re.compile(r"(?P<step>.+?) (?P<sentence>(?:warning: )?desk: .+)")
_TALK: Final = (
    {"role": "user", "content": "Where is my parcel?"},
    {"role": "assistant", "content": "It left our warehouse this morning."},
)


class Tour:
    """The steps, in a project and with the emulator that it uses. ``wait`` is called before each step."""

    def __init__(self, project: SampleProject, emulator: BackgroundEmulator, wait: Callable[[], None]) -> None:
        self._project, self._emulator, self._wait = project, emulator, wait
        # What is printed is Pulumi's, so nothing in it is markup.
        self._console = Console(markup=False, emoji=False, highlight=False)

    def run(self) -> None:
        """Take all steps."""
        self._say(f"An AI session's life in a minute. Watch it in a browser: {self._emulator.url}")
        steps = (self._create, self._talk, self._age, self._renew, self._expire, self._lose)
        for number, step in enumerate(steps, 1):
            step(f"{number}/{len(steps)}")

    def _create(self, number: str) -> None:
        self._begin(
            number,
            "A session is created",
            "A session of 60 minutes is declared. With 20 or fewer left, a run renews it.",
        )
        self._program("ada")
        self._preview()
        self._up()

    def _talk(self, number: str) -> None:
        self._begin(number, "The conversation goes on", "An application appends messages, which no program declares.")
        self._append()

    def _age(self, number: str) -> None:
        self._begin(
            number, "50 minutes pass", "The session's times move into the past, in Pulumi's state and in the emulator."
        )
        self._advance("50m")

    def _renew(self, number: str) -> None:
        self._begin(number, "A renewal is due", "The preview says by how much the run extends the session.")
        self._preview()
        self._up()
        self._say(f"It is the same session, with all of its {len(self._session()['messages'])} messages.")

    def _expire(self, number: str) -> None:
        self._begin(
            number,
            "The session expires",
            "Nobody runs Pulumi for two hours: the conversation is over. A new one starts.",
        )
        self._advance("2h")
        self._preview()
        self._up()
        self._say("The API fails to delete what is gone, so the run looks again: nothing is left.")

    def _lose(self, number: str) -> None:
        self._begin(
            number, "Another user", "After more messages, the program names another user. What would that lose?"
        )
        self._append()
        self._program("bob", "user_id")
        self._preview()
        self._say("Nothing is lost: that was a preview. The tour ends, and leaves nothing behind.")

    def _begin(self, number: str, title: str, sentence: str) -> None:
        self._console.print()
        self._console.rule(f"{number}  {title}", align="left", style="cyan")
        self._say(sentence)
        self._wait()

    def _say(self, sentence: str) -> None:
        self._console.print(sentence)

    def _program(self, user: str, only: str = "") -> None:
        lines = [line for line in self._project.declare(user).splitlines() if only in line]
        self._lines(lines, "blue")

    def _lines(self, lines: list[str], style: str) -> None:
        # Terminals wrap a line that is too long for them, and files and pipes get it whole.
        for line in lines:
            self._console.print(f"    {line}".rstrip(), style=style, soft_wrap=True)

    def _append(self) -> None:
        self._emulator.append(_ORGANIZATION, self._session()["id"], _TALK)
        self._lines([f"{message['role']}: {message['content']}" for message in _TALK], "blue")

    def _session(self) -> dict[str, Any]:
        return self._emulator.sessions(_ORGANIZATION)[-1]

    def _advance(self, duration: str) -> None:
        self._lines(self._ran("quant-sessions", "emulator", "advance", duration, "--stack", STACK).splitlines(), "")

    def _preview(self) -> None:
        self._engine("pulumi", "preview")

    def _up(self) -> None:
        self._engine("pulumi", "up", "--yes", "--skip-preview")

    def _engine(self, *command: str) -> None:
        """Show the line that sums up what a run does to the session, and the requests that the emulator got."""
        self._emulator.clear()
        rows = plain_of(self._ran(*command, "--stack", STACK), "desk").splitlines()
        # A replacement has a row for each of its two halves, and one for itself.
        row = next((each for each in rows if each.strip().startswith("+-")), rows[-1]).strip()
        found = _SENTENCE.fullmatch(row)
        self._lines([found["step"], f"   {found['sentence']}"] if found else [row], _COLORS[row[:2].strip()])
        requests = [f"{request_line(each)} {each['status']}" for each in self._emulator.requests()]
        self._lines([f"sent: {line}" for line in requests or ["nothing"]], "dim")

    def _ran(self, *command: str) -> str:
        self._console.print(f"$ {' '.join(command)}", style="bold", soft_wrap=True)
        return self._project.output(*command)


def _asks() -> bool:
    """Return whether to wait for Enter: nobody can press it in a pipe."""
    return os.environ.get("AUTO", "") in {"", "0"} and sys.stdin.isatty() and sys.stdout.isatty()


def _wait_for_enter() -> None:
    print("[Enter goes on, Ctrl-C ends the tour] ", end="", flush=True)
    if not sys.stdin.readline():
        raise KeyboardInterrupt  # Ctrl-D


def main() -> int:
    """Take the tour. Return the exit code; errors and Ctrl-C print no traceback."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        cli = pulumi_cli.ensure()
        with tempfile.TemporaryDirectory(prefix="quant-sessions-tour-") as folder, BackgroundEmulator() as emulator:
            project = SampleProject(Path(folder), emulator.variables(_ORGANIZATION), cli)
            Tour(project, emulator, _wait_for_enter if _asks() else lambda: None).run()
    except (CannotBuildError, CommandFailedError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        print()
        return _INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
