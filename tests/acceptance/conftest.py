from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal, Protocol

import pytest

from quant_sessions_provider import native
from tests.support.emulator_server import Emulator
from tests.support.engine import Stack
from tests.support.examples import Example

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ORGANIZATION = "acme"
WHOLE = "TEST_BOTH_HOSTS" in os.environ
"""Whether more modules than a sample run on both hosts (``make test-plugin``)."""
Host = Literal["dynamic", "plugin"]


class NewStack(Protocol):
    """Creates a stack that uses the test's emulator. Keyword arguments are environment variables."""

    def __call__(self, program: Callable[[], None], **environment: str) -> Stack: ...


class NewExample(Protocol):
    """Copies an example and creates an empty stack."""

    def __call__(self, name: str, stack: str = "test") -> Example: ...


@pytest.fixture(scope="session", autouse=True)
def _without_settings_of_the_caller() -> None:
    for name in [name for name in os.environ if name.startswith(("QUANTCDN_", "PULUMI_"))]:
        del os.environ[name]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of a module on both hosts, if it says so."""
    if getattr(metafunc.module, "ON_BOTH_HOSTS", False):
        metafunc.parametrize("host", ["dynamic", "plugin"], indirect=True, scope="module")


@pytest.fixture(scope="module", autouse=True)
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    """Have the programs of the module declare sessions of the plugin, where it runs on both hosts."""
    named: Host = getattr(request, "param", "dynamic")
    names = [name for name in native.__all__ if named == "plugin" and hasattr(request.module, name)]
    before = {name: getattr(request.module, name) for name in names}
    for name in names:
        setattr(request.module, name, getattr(native, name))
    yield named
    for name, cls in before.items():
        setattr(request.module, name, cls)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as server:
        yield server


@pytest.fixture(scope="module")
def new_stack(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> NewStack:
    def make(program: Callable[[], None], **environment: str) -> Stack:
        home: Path = tmp_path_factory.mktemp("stack") / "stack"
        return Stack(home, emulator.variables(ORGANIZATION) | environment, program)

    return make


@pytest.fixture
def example(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NewExample:
    """Set the variables in this process too, since lookups of inline programs run in it."""
    variables = emulator.variables(ORGANIZATION)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return lambda name, stack="test": Example(name, tmp_path / name, variables, stack)
