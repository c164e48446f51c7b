from collections.abc import Iterator

import pytest

from tests.emulator_server import Emulator


@pytest.fixture(scope="session")
def running() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(running: Emulator) -> Iterator[Emulator]:
    """The shared emulator, left with its clock right, its sessions expired and its log empty."""
    running.clear()
    yield running
    running.http.put(f"{running.url}/_emulator/clock", json={"offsetSeconds": 0}, timeout=10)
    running.shift(-10 * 24 * 3600)
