"""The parts of a fleet that are not ours: Postgres, an object store, a Dask cluster. Each ends with its block."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from tests.support.killing import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

_USER: Final = "postgres"


class MissingError(Exception):
    """A part is not installed; says in one line how to install it."""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def is_open(port: int) -> bool:
    """Return whether somebody listens on a port."""
    with socket.socket() as trying:
        return trying.connect_ex(("127.0.0.1", port)) == 0


class Postgres:
    """A server of its own, with a folder of its own; root runs it as the user postgres, as it must."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self._folder, self.port = programs, folder, free_port()

    def run(self, program: str, *arguments: str) -> str:
        """Run one of its programs, and return what it prints."""
        command = [str(self._programs / program), *arguments]
        who = {"user": _USER, "group": _USER, "extra_groups": []} if os.geteuid() == 0 else {}
        # The server keeps the descriptors that it inherits.
        with (self._folder / "out").open("w+") as out:
            done = subprocess.run(command, stdout=out, stderr=out, check=False, cwd=self._folder, **who)  # type: ignore[call-overload] # noqa: S603 - Debian's own program
            out.seek(0)
            printed = out.read()
        assert done.returncode == 0, printed
        return printed

    def start(self) -> None:
        """Start the server, and wait for it."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self._folder}"
        self.run("pg_ctl", "-D", self._data, "-o", options, "-w", "start")

    def stop(self) -> None:
        """Stop the server at once; its connections are cut."""
        self.run("pg_ctl", "-D", self._data, "-m", "fast", "-w", "stop")

    def create(self, database: str) -> str:
        """Create an empty database, and return its URL."""
        self.ask("postgres", f"CREATE DATABASE {database}")
        return f"postgres://{_USER}@127.0.0.1:{self.port}/{database}?sslmode=disable"

    def ask(self, database: str, query: str) -> str:
        """Return what a query prints."""
        return self.run("psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", _USER, "-d", database, "-Atc", query)

    @property
    def _data(self) -> str:
        return str(self._folder / "data")


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Run a Postgres server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    installed = found[-1].parent if found else None
    if installed is None:
        raise MissingError("Postgres is missing: apt-get install postgresql")
    with tempfile.TemporaryDirectory(prefix="fleet-pg-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, _USER)
        server = Postgres(installed, folder)
        server.run("initdb", "-D", str(folder / "data"), "-A", "trust", "-U", _USER, "--no-sync")
        server.start()
        try:
            yield server
        finally:
            with suppress(AssertionError):
                server.stop()


@contextmanager
def object_store(bucket: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Run an S3-compatible store with a bucket; yield its URL and the variables that open it."""
    program = shutil.which("moto_server")
    if program is None:
        raise MissingError("the object store is missing: pip install 'moto[server]'")
    port = free_port()
    with subprocess.Popen(  # noqa: S603 - the program above
        [program, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            wait_until(lambda: is_open(port))
            host = f"http://127.0.0.1:{port}"
            subprocess.run(["curl", "-sf", "-X", "PUT", f"{host}/{bucket}"], check=True, capture_output=True)  # noqa: S603, S607 - a request
            keys = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_REGION": "us-east-1"}
            yield f"s3://{bucket}?endpoint=127.0.0.1:{port}&disableSSL=true&s3ForcePathStyle=true", keys
        finally:
            server.terminate()


def keys_in(url: str) -> list[str]:
    """Return the keys that an object store has, whose URL :func:`object_store` gave."""
    parts = urlsplit(url)
    (endpoint,) = parse_qs(parts.query)["endpoint"]
    listed = subprocess.run(  # noqa: S603 - a request
        ["curl", "-sf", f"http://{endpoint}/{parts.netloc}?list-type=2"],  # noqa: S607 - from PATH
        check=True,
        capture_output=True,
        text=True,
    )
    return re.findall("<Key>(.*?)</Key>", listed.stdout)


@dataclass(frozen=True)
class Dask:
    """A running cluster: its scheduler's address, the process that it is in, and those of its workers."""

    scheduler: str
    pid: int
    workers: list[int]

    def kill_worker(self) -> None:
        """Kill a worker; its nanny starts another one."""
        os.kill(self.workers[0], signal.SIGKILL)

    def kill_scheduler(self) -> None:
        """Kill the scheduler, with the nannies that are in the same process."""
        os.kill(self.pid, signal.SIGKILL)


@contextmanager
def dask(environment: dict[str, str], *dashboard: str, workers: int = 2, threads: int = 1) -> Iterator[Dask]:
    """Run a cluster of workers with threads, and its dashboard at an address, if one is given."""
    command = [sys.executable, "-m", "tests.support.fleet_cluster", str(workers), str(threads), *dashboard]
    with subprocess.Popen(  # noqa: S603 - our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True
    ) as process:
        try:
            line = json.loads(process.stdout.readline() if process.stdout else "")
            yield Dask(line["scheduler"], process.pid, line["workers"])
        finally:
            if process.stdin:
                process.stdin.close()
            process.wait(60)
