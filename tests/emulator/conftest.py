import logging
from collections.abc import Iterator

import pytest

from tests.support.emulator_server import Emulator


@pytest.fixture(scope="session")
def running() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(running: Emulator) -> Iterator[Emulator]:
    """The shared emulator with an empty log; afterwards its clock is reset and its sessions are expired."""
    running.clear()
    yield running
    running.http.put(f"{running.url}/_emulator/clock", json={"offsetSeconds": 0}, timeout=10)
    running.shift(-10 * 24 * 3600)


@pytest.fixture
def odd(emulator: Emulator, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[Emulator]:
    """The shared emulator for tests of faults and behaviours, which are reset afterwards; it must log nothing."""
    yield emulator
    emulator.clear_faults()
    emulator.reset_behaviours()
    assert capfd.readouterr() == ("", "")
    # Without a handler, Python prints warnings and errors to standard error.
    assert [record for record in caplog.get_records("call") if record.levelno >= logging.WARNING] == []
