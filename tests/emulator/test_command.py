import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path

import pytest
import requests

from quant_sessions_provider.cli.app import app
from quant_sessions_provider.emulator import EmulatorServer, StartError
from tests.emulator.calls import KINDS_OF_A_RATE
from tests.emulator.wire import SESSIONS
from tests.support.emulator_server import Emulator

COMMAND = str(Path(sys.executable).with_name("quant-sessions"))
ADA = {"userId": "ada"}
WITHOUT_EXTRA = """
import sys
sys.modules["uvicorn"] = None
from quant_sessions_provider.cli.app import app
app(["emulator", "--port", "0"])
"""


def fails(capsys: pytest.CaptureFixture[str], code: int, *arguments: str) -> str:
    """Run the command in this process, which is faster, and return what it printed to standard error."""
    with pytest.raises(SystemExit) as ended:
        app(list(arguments))
    out, error = capsys.readouterr()
    assert (ended.value.code, out) == (code, "")
    return plain(error)


def plain(text: str) -> str:
    """Return the text without colours, which some terminals and CI systems get inside of words."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@contextmanager
def serving(database: Path, *flags: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """Run the command as a process; yield it with its URL and the line it printed."""
    arguments = [COMMAND, "emulator", "--port", "0", "--db", str(database), *flags]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own command
        assert process.stdout
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        try:
            assert found, process.communicate(timeout=10)
            yield process, found.group(), line
        finally:
            process.kill()


def call(method: str, url: str, body: object | None = None) -> requests.Response:
    with requests.Session() as http:
        http.trust_env = False
        headers = {"Authorization": "Bearer private-token"}
        return http.request(method, url, json=body, headers=headers, timeout=10)


def fail_in_every_way(url: str) -> None:
    for _ in range(90):
        with suppress(requests.RequestException):
            call("GET", url + SESSIONS)
    assert {entry["fault"] for entry in call("GET", f"{url}/_emulator/requests").json()} == KINDS_OF_A_RATE
    call("DELETE", f"{url}/_emulator/faults")


def end(process: subprocess.Popen[str], number: signal.Signals) -> tuple[tuple[str, str], int]:
    """Send a signal; return what was printed after the first line, and the exit code."""
    process.send_signal(number)
    return process.communicate(timeout=10), process.returncode


def test_data_survive_restarts_and_shutdown_is_clean(tmp_path: Path) -> None:
    """One test, since each process takes seconds to start: SIGTERM, then SIGKILL, then SIGINT under faults."""
    database = tmp_path / "data.db"
    with serving(database) as (process, url, line):
        assert (
            line == f"QuantCDN AI sessions emulator: {url} (open it in a browser; docs at /docs, data in {database})\n"
        )
        first = call("POST", url + SESSIONS, ADA).json()["sessionId"]
        call("PUT", f"{url}/_emulator/clock", {"offsetSeconds": 1800})
        call("GET", f"{url}/nowhere")
        before = call("GET", f"{url}/_emulator/sessions").json()
        assert process.stderr
        logged = process.stderr.readline()
        assert re.fullmatch(rf"\d\d:\d\d:\d\d  POST    201 +\d+\.\d ms  {SESSIONS}\n", logged)
        # A pipe that nobody reads holds 64 KB; requests go on, and so does the end.
        for _ in range(20):
            assert call("GET", url + SESSIONS.replace("acme", "a" * 8000)).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        assert process.communicate()[0] == ""
    assert [path.name for path in tmp_path.iterdir()] == ["data.db"]
    assert database.stat().st_mode & 0o077 == 0
    assert b"private-token" not in database.read_bytes()

    with serving(database) as (process, url, _):
        assert process.stderr
        process.stderr.close()  # as when whoever read it has gone
        assert call("GET", f"{url}/_emulator/sessions").json() == before
        assert call("GET", f"{url}/_emulator/clock").json()["offsetSeconds"] == 1800
        second = call("POST", url + SESSIONS, ADA).json()["sessionId"]
        for switches in ({"faults": [{"kind": "drop"}]}, {"latencyMs": 60_000}):
            call("PUT", f"{url}/_emulator/faults", switches)
        call("PUT", f"{url}/_emulator/behaviours", {"forbidden": True})
        before = call("GET", f"{url}/_emulator/sessions").json()
        (printed, _), code = end(process, signal.SIGKILL)
        assert (printed, code) == ("", -signal.SIGKILL)

    with serving(database, "--quiet", "--latency-ms", "50", "--fault-rate", "1", "--seed", "7") as (process, url, line):
        assert line.endswith(f"data in {database}), failing 100% of the requests with --seed 7\n")
        assert call("GET", f"{url}/_emulator/sessions").json() == before
        faults = call("GET", f"{url}/_emulator/faults").json()
        assert (faults["latencyMs"], faults["rate"], faults["seed"]) == (50, 1, 7)
        fail_in_every_way(url)
        assert [call("GET", f"{url}{SESSIONS}/{known}").status_code for known in (first, second)] == [200, 200]
        call("POST", f"{url}/_emulator/clock/advance", {"seconds": 1801})
        call("POST", f"{url}/_emulator/clock/advance", {"seconds": 1801})
        assert [call("GET", f"{url}{SESSIONS}/{known}").status_code for known in (first, second)] == [404, 404]
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))):
            assert end(process, signal.SIGINT) == (("", ""), 0)


def test_a_port_in_use_is_one_line(running: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    port = running.url.rpartition(":")[2]
    error = fails(capsys, 1, "emulator", "--port", port, "--db", str(tmp_path / "data.db"))
    assert error == f"port {port} is in use: choose another with --port\n"


def test_an_unusable_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = tmp_path / "missing" / "data.db"
    error = fails(capsys, 1, "emulator", "--port", "0", "--db", str(database))
    assert error == f"cannot use {database} as the database: No such file or directory\n"


@pytest.mark.parametrize("name", ["text", "later", "."])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "text").write_text("no database at all, but long enough to be looked at " * 20)
    later = sqlite3.connect(tmp_path / "later")
    later.execute("PRAGMA user_version = 99")
    later.close()
    with pytest.raises(StartError, match=r"cannot use .* as the database: "):
        EmulatorServer(tmp_path / name)


def test_without_the_extra_it_says_what_to_install() -> None:
    ended = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", WITHOUT_EXTRA], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "the emulator needs the extra 'emulator': pip install 'quant-sessions-provider[emulator]'\n"


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, words in [
        (["--version"], [metadata.version("quant-sessions-provider") + "\n"]),
        (["--help"], ["emulator"]),
        (["emulator", "--help"], ["--port", "--db", "--latency-ms", "--fault-rate", "--seed", "--quiet"]),
    ]:
        with pytest.raises(SystemExit) as ended:
            app(arguments)
        out, error = capsys.readouterr()
        assert (ended.value.code, error) == (0, "")
        assert all(word in plain(out) for word in words)


@pytest.mark.parametrize(
    "flag",
    [["--host", "::"], ["--port", "65536"], ["--fault-rate", "1.5"], ["--latency-ms", "-1"], ["--seed", "x"]],
    ids=" ".join,
)
def test_a_wrong_flag_is_refused(capsys: pytest.CaptureFixture[str], flag: list[str]) -> None:
    error = fails(capsys, 2, "emulator", *flag, "--db", os.devnull)
    assert flag[0] in error
    assert "Traceback" not in error
