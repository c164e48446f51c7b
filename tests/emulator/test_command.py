import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

import pytest
import requests

from quant_sessions_provider.emulator import EmulatorServer, StartError
from tests.emulator_server import Emulator

COMMAND = str(Path(sys.executable).with_name("quant-sessions"))
WITHOUT_EXTRA = """
import sys
sys.modules["uvicorn"] = None
from quant_sessions_provider.cli import app
app(["emulator", "--port", "0"])
"""


def run(*arguments: str, program: str = COMMAND) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        [program, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@contextmanager
def serving(database: Path) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """The command as a process of its own, its address and the line it printed."""
    arguments = [COMMAND, "emulator", "--port", "0", "--db", str(database)]
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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_cleanly_and_prints_one_line(tmp_path: Path, number: signal.Signals) -> None:
    database = tmp_path / "data.db"
    with serving(database) as (process, url, line):
        assert line == f"QuantCDN AI sessions emulator: {url} (docs at /docs, data in {database})\n"
        call("POST", f"{url}/api/v3/organizations/acme/ai/sessions", {"userId": "ada"})
        call("GET", f"{url}/nowhere")
        process.send_signal(number)
        assert process.communicate(timeout=10) == ("", "")
        assert process.returncode == 0
    assert database.stat().st_mode & 0o077 == 0
    assert b"private-token" not in database.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["data.db"]


def test_ends_cleanly_with_a_connection_open(tmp_path: Path) -> None:
    with serving(tmp_path / "data.db") as (process, url, _):
        connection = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        connection.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_sessions_and_clock_survive_a_restart(tmp_path: Path, number: signal.Signals) -> None:
    database = tmp_path / "data.db"
    with serving(database) as (process, url, _):
        created = call("POST", f"{url}/api/v3/organizations/acme/ai/sessions", {"userId": "ada"}).json()
        call("PUT", f"{url}/_emulator/clock", {"offsetSeconds": 1800})
        before = call("GET", f"{url}/_emulator/sessions").json()
        process.send_signal(number)
        process.wait(timeout=10)
    with serving(database) as (_, url, _):
        address = f"{url}/api/v3/organizations/acme/ai/sessions/{created['sessionId']}"
        assert call("GET", address).status_code == 200
        assert call("GET", f"{url}/_emulator/sessions").json() == before
        assert call("GET", f"{url}/_emulator/clock").json()["offsetSeconds"] == 1800
        call("POST", f"{url}/_emulator/clock/advance", {"seconds": 1801})
        assert call("GET", address).status_code == 404


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with Emulator() as emulator:
        port = emulator.url.rpartition(":")[2]
        ended = run("emulator", "--port", port, "--db", str(tmp_path / "data.db"))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"port {port} is in use: choose another with --port\n"


def test_an_unusable_file_is_one_line(tmp_path: Path) -> None:
    database = tmp_path / "missing" / "data.db"
    ended = run("emulator", "--port", "0", "--db", str(database))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"cannot use {database} as the database: No such file or directory\n"


@pytest.mark.parametrize("name", ["text", "later", "."])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "text").write_text("no database at all, but long enough to be looked at " * 20)
    later = sqlite3.connect(tmp_path / "later")
    later.execute("PRAGMA user_version = 99")
    later.close()
    with pytest.raises(StartError, match=r"cannot use .* as the database: "):
        EmulatorServer(tmp_path / name)


def test_without_the_extra_it_says_what_to_install() -> None:
    ended = run("-c", WITHOUT_EXTRA, program=sys.executable)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "the emulator needs the extra: pip install 'quant-sessions-provider[emulator]'\n"


def test_version_and_help() -> None:
    assert run("--version").stdout == metadata.version("quant-sessions-provider") + "\n"
    assert "emulator" in run("--help").stdout
    assert "--port" in run("emulator", "--help").stdout


def test_a_wrong_port_is_refused() -> None:
    ended = run("emulator", "--port", "65536", "--db", os.devnull)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
