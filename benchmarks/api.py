"""The emulator as a process of its own, with a latency, and what it saw."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import requests

from benchmarks.reading import Traffic
from benchmarks.workload import ORGANIZATION

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN: Final = "benchmark"  # noqa: S105 - the emulator takes any
_SECONDS: Final = 60


class Api:
    """Where the API is, and what it was asked since the last time."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.headers["Authorization"] = f"Bearer {TOKEN}"

    def variables(self) -> dict[str, str]:
        """Give what points the provider here."""
        return {
            "QUANTCDN_API_TOKEN": TOKEN,
            "QUANTCDN_ORGANIZATION": ORGANIZATION,
            "QUANTCDN_BASE_URL": self.url,
        }

    def traffic(self) -> Traffic:
        """Count what came since the last call."""
        address = f"{self.url}/_emulator/requests"
        log = self._http.get(address, timeout=_SECONDS).json()
        self._http.delete(address, timeout=_SECONDS).raise_for_status()
        methods = Counter(str(request["method"]) for request in log)
        return Traffic(dict(methods), len({request["connection"] for request in log}))

    def close(self) -> None:
        """Close the connection."""
        self._http.close()


@contextmanager
def running(latency_ms: int, folder: Path) -> Iterator[Api]:
    """Run an emulator with its data in a folder."""
    command = [str(Path(sys.executable).with_name("quant-sessions")), "emulator", "--port", "0"]
    options = ["--db", str(folder / "sessions.db"), "--latency-ms", str(latency_ms)]
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
