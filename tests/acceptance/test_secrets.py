"""No token and no secret input is in state, backups, logs at -v=9, errors or the emulator's output."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import pytest

from tests.acceptance.conftest import ORGANIZATION, Host
from tests.support.emulator_server import Emulator
from tests.support.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PROGRAM: Final = """\
import json
import os
from pathlib import Path

import pulumi

from quant_sessions_provider import Session

secret = pulumi.Output.secret
declared = json.loads(Path(os.environ["DECLARED"]).read_text())
desk = Session(
    "desk",
    user_id=secret(declared["user"]),
    session_group=secret(declared["group"]),
    messages=[{"role": "user", "content": secret(content)} for content in declared["messages"]],
    metadata={"key": secret(declared["metadata"]), "whole": secret({declared["metadata"]: [declared["metadata"]]})},
)
pulumi.export("user", desk.user_id)
"""

ON_BOTH_HOSTS = True
MODULES: Final[dict[Host, str]] = {"dynamic": "quant_sessions_provider", "plugin": "quant_sessions_provider.native"}

# No encoding in JSON, in a URL or in a traceback changes letters and digits, so the search uses only those.
TOKENS: Final = {"variable": '"t0k3nOfTheVariable/+="', "stack": '"t0k3nOfTheStack/+="'}
DECLARED: Final[dict[str, Any]] = {
    "user": 'ü "s3cr3tUser" /&',
    "group": 'ü "s3cr3tGroup" /&',
    "messages": ['ü "s3cr3tFirst" /&'],
    "metadata": 'ü "s3cr3tMetadata" /&',
}
GROWN: Final = {**DECLARED, "messages": [*DECLARED["messages"], 'ü "s3cr3tSecond" /&']}
CORES: Final = (
    "t0k3nOfTheVariable",
    "t0k3nOfTheStack",
    *(f"s3cr3t{word}" for word in ("User", "Group", "First", "Second", "Metadata")),
)
LOGGING: Final = ("-v=9", "--logflow")
TO_STDERR: Final = (*LOGGING, "--logtostderr")


def _spellings(core: str) -> Iterator[str]:
    """Yield the text in plain, in hexadecimal, and in base64 at any offset of a longer text."""
    yield core
    yield core.encode().hex()
    for before in range(3):
        coded = b64encode(b"-" * before + core.encode())
        # Without the characters that also depend on the neighbours.
        yield coded[-(-before * 8 // 6) : len(coded) - 4].decode()


def _found(text: str) -> list[str]:
    return [core for core in CORES if any(spelling in text for spelling in _spellings(core))]


@pytest.mark.parametrize(
    "coded", [str, json.dumps, quote, lambda text: text.encode().hex(), lambda text: b64encode(text.encode()).decode()]
)
def test_the_search_finds_every_encoding(coded: Callable[[str], str]) -> None:
    for core in CORES:
        for before in ("", "a", "ab", "abc"):
            assert _found(coded(f'{before} "{core}" /&')) == [core]


class Runs:
    """The runs of a project and their output. The secrets are declared in a file outside of the project."""

    def __init__(self, folder: Path, emulator: Emulator, host: Host) -> None:
        self.emulator, self._declared = emulator, folder / "declared.json"
        home = folder / "project"
        (home / "logs").mkdir(parents=True)
        variables = emulator.variables(ORGANIZATION) | {
            "DECLARED": str(self._declared),
            "QUANTCDN_API_TOKEN": TOKENS["variable"],
            "QUANTCDN_DEBUG": "1",
            "QUANTCDN_MAX_RETRIES": "0",
            "TMPDIR": str(home / "logs"),
        }
        program = PROGRAM.replace("quant_sessions_provider", MODULES[host])
        self.project = Project(home, variables, program, plugin=host == "plugin")
        self.project.init()
        self.printed: list[str] = []

    def up(self, *arguments: str, declared: dict[str, Any] = DECLARED) -> int:
        self._declared.write_text(json.dumps(declared))
        return self.run("up", "--yes", "--skip-preview", *arguments)

    def run(self, *arguments: str) -> int:
        done = self.project.cli(*arguments)
        self.printed.append(done.stdout + done.stderr)
        return done.returncode

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield all output, and every file of the project, the CLI's home and its logs."""
        yield from ((f"run {number}", text) for number, text in enumerate(self.printed))
        for file in self.project.folder.rglob("*"):
            if file.is_file():
                yield str(file.relative_to(self.project.folder)), file.read_bytes().decode(errors="replace")


def test_no_token_and_no_secret_input_is_found_anywhere(
    tmp_path: Path, host: Host, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with Emulator(tmp_path / "sessions.db") as emulator:
        runs = Runs(tmp_path, emulator, host)
        _run_into_all_kinds_of_errors(runs, emulator)
        log = json.dumps(emulator.requests())
    database = (tmp_path / "sessions.db").read_bytes().decode("latin-1")
    printed = "".join(capfd.readouterr()) + caplog.text
    texts = dict(runs.texts()) | {"the emulator's output": printed}
    assert {name: _found(text) for name, text in texts.items() if _found(text)} == {}
    # The emulator stores the sessions, but no tokens.
    assert _found(log) == [core for core in CORES if core.startswith("s3cr3t")]
    assert _found(database) == [core for core in _found(log) if core != "s3cr3tSecond"]  # this append was refused

    # The searched texts include errors with tracebacks, the engine's logs on a stream and in files, and state.
    assert ["Traceback" in run for run in runs.printed] == [True, False, True, True]
    assert ".Update(" in runs.printed[2]
    assert any(name.startswith("logs/") and ".Create(" in text for name, text in texts.items())
    assert {"backups", "history", "stacks"} <= {name.split("/")[2] for name in texts if name.startswith("backend/")}


def _echo(source: str, declared: dict[str, Any]) -> dict[str, str]:
    """Return an error body that echoes the token and all declared texts."""
    return {"message": f"{TOKENS[source]} {json.dumps(declared)}"}


def _run_into_all_kinds_of_errors(runs: Runs, emulator: Emulator) -> None:
    # The response is lost, and then the list of possible orphans fails too. Its URL contains the user.
    emulator.fault("drop", "after", method="POST")
    emulator.fault("status", method="GET", status=500, body=_echo("variable", DECLARED))
    assert runs.up(*LOGGING) != 0

    runs.project.variables["QUANTCDN_API_TOKEN"] = ""
    runs.project.ok("config", "set", "--secret", "quant-sessions:bearer", TOKENS["stack"])
    assert runs.up(*TO_STDERR, "--diff") == 0
    emulator.fault("status", method="PUT", status=422, body=_echo("stack", GROWN))
    assert runs.up(*TO_STDERR, "--diff", declared=GROWN) != 0
    emulator.fault("status", method="GET", status=401, body=_echo("stack", DECLARED))
    assert runs.run("refresh", "--yes", *TO_STDERR) != 0
