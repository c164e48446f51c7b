"""Run the emulator in its own process, set its latency, and count its requests."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import requests

from benchmarks.reading import Traffic
from benchmarks.workload import ORGANIZATION

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN: Final = "benchmark"  # noqa: S105 - the emulator accepts any token
_SECONDS: Final = 60


class Api:
    """A running emulator: its URL, and the requests that it received."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.headers["Authorization"] = f"Bearer {TOKEN}"

    def variables(self) -> dict[str, str]:
        """Return the variables that point the provider to this emulator."""
        return {
            "QUANTCDN_API_TOKEN": TOKEN,
            "QUANTCDN_ORGANIZATION": ORGANIZATION,
            "QUANTCDN_BASE_URL": self.url,
        }

    def traffic(self) -> Traffic:
        """Return the requests and connections since the last call."""
        url = f"{self.url}/_emulator/requests"
        log = self._http.get(url, timeout=_SECONDS).json()
        self._http.delete(url, timeout=_SECONDS).raise_for_status()
        methods = Counter(str(request["method"]) for request in log)
        return Traffic(dict(methods), len({request["connection"] for request in log}))

    def set_latency(self, milliseconds: int) -> None:
        """Delay every response from now on."""
        url = f"{self.url}/_emulator/faults"
        self._http.put(url, json={"latencyMs": milliseconds}, timeout=_SECONDS).raise_for_status()

    def count(self) -> int:
        """Return how many sessions there are."""
        return len(self._http.get(f"{self.url}/_emulator/sessions", timeout=_SECONDS).json())

    def close(self) -> None:
        """Close the connections to the emulator."""
        self._http.close()


@contextmanager
def running_api() -> Iterator[Api]:
    """Run an emulator without latency, whose data ends with it."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, _run_emulator(Path(folder)) as api:
        yield api


@contextmanager
def _run_emulator(folder: Path) -> Iterator[Api]:
    command = [str(Path(sys.executable).with_name("quant-sessions")), "emulator", "--port", "0", "--quiet"]
    options = ["--db", str(folder / "sessions.db")]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            url = re.search(r"http://\S+", line)
            if not url:
                raise OSError("the emulator did not start; the lines above say why")
            with closing(Api(url.group())) as api:
                yield api
        finally:
            process.terminate()
