import logging
from collections.abc import Iterator

import pytest

from tests.support.emulator_server import Emulator


@pytest.fixture(scope="session")
def running() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    """The shared emulator, reset."""
    running.reset()
    return running


@pytest.fixture
def odd(emulator: Emulator, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[Emulator]:
    """The shared emulator for tests of faults and behaviours; it must log nothing."""
    yield emulator
    assert capfd.readouterr() == ("", "")
    # Without a handler, Python prints warnings and errors to standard error.
    assert [record for record in caplog.get_records("call") if record.levelno >= logging.WARNING] == []
