"""Runs commands in this process, against the emulator and recording hosts; nothing leaves the machine."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from quant_sessions_provider.cli.app import app
from quant_sessions_provider.core.settings import VARIABLES
from quant_sessions_provider.doctor import network
from tests.client.conftest import Answer, Host
from tests.support.emulator_server import Emulator

if TYPE_CHECKING:
    from pathlib import Path

ORGANIZATION = "acme"
CANARY = Emulator.token


@dataclass(frozen=True)
class Result:
    """How a command ended, and what it printed."""

    code: int
    out: str
    error: str


Command = Callable[..., Result]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [*VARIABLES.values(), "FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS"]:
        monkeypatch.delenv(name, raising=False)
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "100")
    pulumi(tmp_path / "bin", "echo v3.300.0")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin")


def pulumi(folder: Path, script: str) -> None:
    """Install a Pulumi CLI that runs only the script."""
    folder.mkdir(exist_ok=True)
    (folder / "pulumi").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "pulumi").chmod(0o755)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command line; its output never contains the token."""

    def running(*arguments: str) -> Result:
        with pytest.raises(SystemExit) as ended:
            app(list(arguments))
        out, error = (re.sub(r"\x1b\[[0-9;]*m", "", text) for text in capsys.readouterr())
        assert CANARY not in out + error
        return Result(int(ended.value.code or 0), out, error)

    return running


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def account(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """Configure the emulator as the API: empty at first, without faults afterwards."""
    for name, value in emulator.variables(ORGANIZATION).items():
        monkeypatch.setenv(name, value)
    emulator.clear()
    yield emulator
    emulator.clear_faults()
    emulator.behave(expired="lingering")  # so that these can be deleted too
    for session in emulator.sessions():
        emulator.api("DELETE", session["organisation"], f"/{session['id']}")
    emulator.reset_behaviours()


@contextmanager
def listening() -> Iterator[Host]:
    with Host() as host:
        thread = threading.Thread(target=host.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield host
        host.shutdown()
        thread.join()


@pytest.fixture
def listener() -> Iterator[Host]:
    """A host that records requests."""
    with listening() as host:
        yield host


@dataclass(frozen=True)
class Vendor:
    """Stand-ins for the vendor's two hosts; both return 401."""

    described: Host
    documented: Host


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    with listening() as described, listening() as documented:
        for name, host in (("DESCRIBED", described), ("DOCUMENTED", documented)):
            monkeypatch.setattr(network, name, replace(getattr(network, name), base=host.url))
            host.play(*[Answer(401)] * 9)
        yield Vendor(described, documented)


def created(emulator: Emulator, **body: Any) -> str:  # noqa: ANN401 - any JSON
    """Create a session; return its id."""
    answer = emulator.api("POST", ORGANIZATION, json={"userId": "ada", **body}).json()
    return str(answer["sessionId"])
